package connection_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// A blockedRemote is a connection on which each RPC waits for the end of its context.
type blockedRemote struct{ calls int }

func (r *blockedRemote) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	r.calls++
	select {
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	case <-time.After(time.Hour): // in a bubble
		return status.Error(codes.DataLoss, "the context has not ended")
	}
}

func (r *blockedRemote) NewStream(ctx context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, r.Invoke(ctx, method, nil, nil)
}

// remoteEnds has what ends the RPCs on a remote, and refuses later ones.
var remoteEnds = map[string]struct {
	end  func(*testing.T, *inprocchain.Channel)
	want codes.Code
}{
	"Close of the Channel":    {closeChannel, codes.Unavailable},
	"Close of the ClientConn": {func(_ *testing.T, ch *inprocchain.Channel) { _ = ch.ClientConn().Close() }, codes.Canceled},
}

// A remote connection is not asked to make RPCs that are refused. TestMain finds a goroutine that
// still waits for the end of a caller's context.
func TestRefusedRPCsDoNotReachARemote(t *testing.T) {
	t.Parallel()
	for name, test := range remoteEnds {
		for kind, call := range calls {
			remote := new(blockedRemote)
			ch := inprocchain.New(inprocchain.WithRemote(remote))
			test.end(t, ch)
			if err := call(newWatchedContext(t.Context()), ch.ClientConn()); status.Code(err) != test.want {
				t.Errorf("%s after the %s: %v, want %v", kind, name, err, test.want)
			}
			if remote.calls > 0 {
				t.Errorf("%s after the %s: the remote was called", kind, name)
			}
		}
	}
}

// The RPCs on a remote connection end with the Channel and with the ClientConn.
func TestRPCsOnARemoteEndWithTheChannel(t *testing.T) {
	t.Parallel()
	for name, test := range remoteEnds {
		for kind, call := range calls {
			synctest.Test(t, func(t *testing.T) {
				ch := inprocchain.New(inprocchain.WithRemote(new(blockedRemote)))
				result := make(chan error, 1)
				go func() { result <- call(t.Context(), ch.ClientConn()) }()
				synctest.Wait()
				test.end(t, ch)
				if err := <-result; status.Code(err) != test.want {
					t.Errorf("%s, %s: the RPC has ended with %v, want %v", kind, name, err, test.want)
				}
				_ = ch.ClientConn().Close()
			})
		}
	}
}
