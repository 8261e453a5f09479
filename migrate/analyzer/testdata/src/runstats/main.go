// The program runstats shows that a stats handler gets the events of every RPC on an in-process channel.
package main

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
)

type printer struct{}

func (printer) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	fmt.Println("tag", info.FullMethodName)
	return ctx
}

func (printer) TagConn(ctx context.Context, info *stats.ConnTagInfo) context.Context { return ctx }

func (printer) HandleConn(ctx context.Context, event stats.ConnStats) {}

func (printer) HandleRPC(ctx context.Context, event stats.RPCStats) {
	switch event.(type) {
	case *stats.Begin:
		fmt.Println("begin")
	case *stats.End:
		fmt.Println("end")
	}
}

func intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	fmt.Println("intercepted", info.FullMethod)
	return handler(ctx, req)
}

func main() {
	channel := (&inprocgrpc.Channel{}).
		WithServerUnaryInterceptor(intercept).
		WithServerStatsHandler(printer{}) // want `measures wrong durations`
	grpc_health_v1.RegisterHealthServer(channel, health.NewServer())
	for range 2 {
		resp, err := grpc_health_v1.NewHealthClient(channel).Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
		fmt.Println(resp.GetStatus(), err)
	}
}
