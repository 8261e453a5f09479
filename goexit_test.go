package inprocchain_test

import (
	"context"
	"runtime"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

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

func TestClosedClientConnDoesNotUseTheFallback(t *testing.T) {
	t.Parallel()
	other := inprocchain.New()
	healthpb.RegisterHealthServer(other, healthpb.UnimplementedHealthServer{})
	cc := inprocchain.New(inprocchain.WithFallback(other)).ClientConn()
	if err := cc.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("an RPC on a closed ClientConn: %v, want Canceled", err)
	}
}

// A privateOption embeds a call option in two steps.
type privateOption struct{ trailerOption }

type trailerOption struct{ grpc.TrailerCallOption }

func TestEmbeddedCallOptionsTakeEffect(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New()
	healthpb.RegisterHealthServer(ch, healthpb.UnimplementedHealthServer{})
	for name, option := range map[string]func(*metadata.MD) grpc.CallOption{
		"pointer":  func(md *metadata.MD) grpc.CallOption { return &grpc.TrailerCallOption{TrailerAddr: md} },
		"embedded": func(md *metadata.MD) grpc.CallOption { return trailerOption{grpc.TrailerCallOption{TrailerAddr: md}} },
		"embedded twice": func(md *metadata.MD) grpc.CallOption {
			return privateOption{trailerOption{grpc.TrailerCallOption{TrailerAddr: md}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var trailer metadata.MD
			_, _ = healthpb.NewHealthClient(ch).Check(t.Context(), &healthpb.HealthCheckRequest{}, option(&trailer))
			if len(trailer["content-type"]) != 1 {
				t.Errorf("the trailer is %v, want that of the response", trailer)
			}
		})
	}
}
