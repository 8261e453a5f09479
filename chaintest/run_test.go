package chaintest

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

func TestRunRunsTheTestOnANetworkAndInProcess(t *testing.T) {
	t.Parallel()
	var names []string
	var handlers int
	registerCounted := func(registrar grpc.ServiceRegistrar) {
		handlers++
		register(registrar)
	}
	t.Run("parent", func(t *testing.T) {
		Run(t, inprocchain.Chain{}, registerCounted, func(t *testing.T, cc grpc.ClientConnInterface) {
			names = append(names, t.Name()[strings.LastIndex(t.Name(), "/")+1:])
			_, isChannel := cc.(*inprocchain.Channel)
			if isChannel != strings.HasSuffix(t.Name(), "/inProcess") {
				t.Errorf("the connection is a %T", cc)
			}
			if err := callBoth(t.Context(), cc); err != nil {
				t.Error(err)
			}
			// A stream is left open. It must not keep the subtest from ending.
			if _, err := cc.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod); err != nil {
				t.Error(err)
			}
		})
	})
	if got := strings.Join(names, " "); got != "network inProcess" {
		t.Errorf("the subtests are %q", got)
	}
	if handlers != 2 {
		t.Errorf("register was called %d times, want 2", handlers)
	}
}

func TestRunGivesBothTheChain(t *testing.T) {
	t.Parallel()
	Run(t, inprocchain.NewChain(returning(status.Error(codes.Aborted, "no"))), register, func(t *testing.T, cc grpc.ClientConnInterface) {
		t.Parallel()
		if err := callUnary("message")(t.Context(), cc); status.Code(err) != codes.Aborted {
			t.Errorf("got %v, want Aborted", err)
		}
	})
}

func TestRunWorksInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		waiting := unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			time.Sleep(time.Hour)
			return next(ctx, req)
		})
		Run(t, inprocchain.NewChain(waiting), register, func(t *testing.T, cc grpc.ClientConnInterface) {
			runs++
			start := time.Now()
			if err := callUnary("message")(t.Context(), cc); err != nil {
				t.Error(err)
			}
			if got := time.Since(start); got != time.Hour {
				t.Errorf("waited %v, want an hour", got)
			}
			if _, err := cc.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod); err != nil {
				t.Error(err)
			}
		})
		if runs != 2 {
			t.Errorf("the test ran %d times, want 2", runs)
		}
	})
}

func TestIsInBubble(t *testing.T) {
	t.Parallel()
	if isInBubble(t) {
		t.Error("isInBubble is true outside of a bubble")
	}
	synctest.Test(t, func(t *testing.T) {
		if !isInBubble(t) {
			t.Error("isInBubble is false in a bubble")
		}
	})
}

func TestHandlersThatDoNotReturnAreReported(t *testing.T) {
	t.Parallel()
	const stuck = "a handler did not return although its RPC has ended; it should return when its context ends"
	for _, c := range []struct {
		name  string
		serve func(testing.TB, inprocchain.Chain, func(grpc.ServiceRegistrar), time.Duration) (grpc.ClientConnInterface, func())
		want  []string
	}{
		{"in-process", serveInProcess, []string{"chaintest: Run, in-process: " + stuck, unaryMethod}},
		{"on the network", serveNetwork, []string{"chaintest: Run, on the network: " + stuck}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				entered, release := make(chan struct{}), make(chan struct{})
				failures := failuresOf(t, func(t testing.TB) {
					cc, end := c.serve(t, inprocchain.NewChain(unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) {
						close(entered)
						<-release
						return nil, status.Error(codes.Aborted, "late")
					})), register, closeTimeout)
					go func() { _ = callUnary("message")(context.Background(), cc) }()
					<-entered
					end()
				})
				close(release)
				mustFailWith(t, failures, c.want...)
				mustHaveFailures(t, failures, 1)
			})
		})
	}
}
