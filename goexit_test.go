package inprocchain_test

import (
	"context"
	"runtime"
	"testing"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// If credentials or a stats handler end the goroutine of an RPC, the RPC must not stay
// in flight, because Shutdown would then wait for it forever.
func TestShutdownDoesNotWaitForRPCsThatNeverReachedTheirHandler(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option inprocchain.Option
		call   func(context.Context, *inprocchain.Channel)
	}{
		"credentials": {inprocchain.Chain{}, func(ctx context.Context, ch *inprocchain.Channel) {
			_, _ = healthpb.NewHealthClient(ch).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.PerRPCCredentials(exitingCredentials{}))
		}},
		"credentials of a stream": {inprocchain.Chain{}, func(ctx context.Context, ch *inprocchain.Channel) {
			_, _ = healthpb.NewHealthClient(ch).Watch(ctx, &healthpb.HealthCheckRequest{}, grpc.PerRPCCredentials(exitingCredentials{}))
		}},
		"a client stats handler": {
			inprocchain.WithClientStatsHandlers(exitingAt[*stats.OutHeader]{}),
			func(ctx context.Context, ch *inprocchain.Channel) {
				_, _ = healthpb.NewHealthClient(ch).Check(ctx, &healthpb.HealthCheckRequest{})
			},
		},
		"a server stats handler": {
			inprocchain.WithServerStatsHandlers(exitingAt[*stats.Begin]{}),
			func(ctx context.Context, ch *inprocchain.Channel) {
				_, _ = healthpb.NewHealthClient(ch).Check(ctx, &healthpb.HealthCheckRequest{})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ch := inprocchain.New(test.option)
			healthpb.RegisterHealthServer(ch, healthpb.UnimplementedHealthServer{})
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				test.call(t.Context(), ch)
			}()
			<-ended
			if err := ch.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// exitingCredentials end the goroutine that asks for them.
type exitingCredentials struct{}

func (exitingCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	runtime.Goexit()
	return nil, nil
}

func (exitingCredentials) RequireTransportSecurity() bool { return false }

// exitingAt is a stats handler that ends the goroutine at an event.
type exitingAt[Event stats.RPCStats] struct{}

func (exitingAt[Event]) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, ok := event.(Event); ok {
		runtime.Goexit()
	}
}

func (exitingAt[Event]) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (exitingAt[Event]) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}

func (exitingAt[Event]) HandleConn(context.Context, stats.ConnStats) {}
