package inprocchain_test

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// A stats handler gets the same events as on a network. It has received all of them when
// the client has the response.
func ExampleWithServerStatsHandlers() {
	channel := inprocchain.New(inprocchain.WithServerStatsHandlers(printEvents{}))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	fmt.Println(checkHealth(channel))
	// Output:
	// /grpc.health.v1.Health/Check
	// *stats.InHeader
	// *stats.Begin
	// *stats.InPayload
	// *stats.OutHeader
	// *stats.OutPayload
	// *stats.OutTrailer
	// *stats.End
	// SERVING
}

// Client stats handlers run inside the client interceptors, so they see each attempt of an
// interceptor that retries.
func ExampleWithClientStatsHandlers() {
	retry := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		err := invoker(ctx, method, req, reply, cc, opts...)
		if status.Code(err) == codes.Unavailable {
			err = invoker(ctx, method, req, reply, cc, opts...)
		}
		return err
	}
	attempts := 0
	failOnce := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if attempts++; attempts == 1 {
			return nil, status.Error(codes.Unavailable, "try again")
		}
		return handler(ctx, req)
	}
	channel := inprocchain.New(
		inprocchain.WithUnaryClientInterceptors(retry),
		inprocchain.WithClientStatsHandlers(printResults{}),
		inprocchain.WithUnaryServerInterceptors(failOnce),
	)
	defer func() { _ = channel.Close() }()
	healthpb.RegisterHealthServer(channel, health.NewServer())

	fmt.Println(checkHealth(channel))
	// Output:
	// attempt ended: Unavailable
	// attempt ended: OK
	// SERVING
}

// printResults is a stats handler that prints the result of each RPC.
type printResults struct{ printEvents }

func (printResults) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

func (printResults) HandleRPC(_ context.Context, event stats.RPCStats) {
	if end, ok := event.(*stats.End); ok {
		fmt.Println("attempt ended:", status.Code(end.Error))
	}
}

// printEvents is a stats handler that prints the type of each event.
type printEvents struct{}

func (printEvents) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	fmt.Println(info.FullMethodName)
	return ctx
}

func (printEvents) HandleRPC(_ context.Context, event stats.RPCStats) { fmt.Printf("%T\n", event) }

func (printEvents) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (printEvents) HandleConn(context.Context, stats.ConnStats) {}
