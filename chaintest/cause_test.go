package chaintest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

func TestFirstLineOfAFailureAsksForItsLikelyCause(t *testing.T) {
	t.Parallel()
	const differs = unaryMethod + ", RPC 1 of 1, is not the same in-process as on the network: "
	header := unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
		_ = grpc.SetHeader(ctx, metadata.Pairs("more", "1"))
		return next(ctx, req)
	})
	for _, c := range []struct {
		name     string
		added    func() inprocchain.Option // to both
		inProc   inprocchain.Option        // to the channel
		conns    string                    // the cause that CompareConns gives
		oneChain string                    // the cause that Compare gives, if something is added to both
	}{
		{name: "not authenticated", inProc: returning(status.Error(codes.Unauthenticated, "no token")), conns: otherCaller},
		{name: "not permitted", inProc: returning(status.Error(codes.PermissionDenied, "not yours")), conns: otherCaller},
		{name: "not running", inProc: returning(status.Error(codes.Unavailable, "stopped")), conns: closedConn},
		{name: "internal error", inProc: returning(status.Error(codes.Internal, "bug")), conns: otherChain},
		{name: "header missing", inProc: header, conns: otherChain},
		{name: "shared state", added: func() inprocchain.Option {
			var exists atomic.Bool
			return unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) {
				if !exists.CompareAndSwap(false, true) {
					return nil, status.Error(codes.AlreadyExists, "exists")
				}
				return wrapperspb.String("made"), nil
			})
		}, conns: sharedState, oneChain: chainState},
		{name: "shared ids", added: func() inprocchain.Option {
			var ids atomic.Int64
			return unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) {
				return wrapperspb.String(fmt.Sprint(ids.Add(1))), nil
			})
		}, conns: newValue, oneChain: newMessage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			added := inprocchain.NewChain()
			if c.added != nil {
				added = inprocchain.NewChain(c.added())
			}
			onNetwork, channel := openConn(t, network, added), openConn(t, inProcess, added)
			if c.inProc != nil {
				channel = openConn(t, inProcess, c.inProc)
			}
			firstLineMustBe(t, failuresOf(t, func(t testing.TB) { CompareConns(t, onNetwork, channel, callUnary("message")) }), "chaintest: "+differs+c.conns)
			if c.oneChain != "" {
				chain := inprocchain.NewChain(c.added())
				firstLineMustBe(t, failuresOf(t, func(t testing.TB) { Compare(t, chain, register, callUnary("message")) }), "chaintest: "+differs+c.oneChain)
			}
		})
	}
}

func TestFirstLineOfAFailureAsksForAMissingService(t *testing.T) {
	t.Parallel()
	onNetwork, channel := openConn(t, network), openConn(t, inProcess, returning(status.Error(codes.Unimplemented, "unknown service")))
	calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		return errors.Join(callUnary("message")(ctx, cc), callBidi(ctx, cc))
	}
	firstLineMustBe(t, failuresOf(t, func(t testing.TB) { CompareConns(t, onNetwork, channel, calls) }),
		"chaintest: "+unaryMethod+", RPC 1 of 2, is not the same in-process as on the network: "+otherServices)
}

func firstLineMustBe(t *testing.T, failures []string, want string) {
	t.Helper()
	if len(failures) == 0 {
		t.Fatal("no failure")
	}
	if got, _, _ := strings.Cut(failures[0], "\n"); got != want {
		t.Errorf("the first line is\n\t%s\nwant\n\t%s", got, want)
	}
}
