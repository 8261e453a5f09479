// The program runchained shows what happens after a With… method was called on a
// channel that has an inprocchain.Chain.
package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/stats"
)

func main() {
	unary := inprocchain.New()
	unary.InProcess().WithServerUnaryInterceptor(serve) // want `WithServerUnaryInterceptor is called on a channel that has an inprocchain.Chain`
	show("unary", unary)
	handler := inprocchain.New()
	handler.InProcess().WithServerStatsHandler(noStats{}) // want `WithServerStatsHandler is called on a channel that has an inprocchain.Chain`
	show("handler", handler)
}

func show(name string, channel *inprocchain.Channel) {
	_, err := grpc_health_v1.NewHealthClient(channel).Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
	fmt.Println(name, err != nil && strings.Contains(err.Error(), "code = Internal"))
	fmt.Println("RegisterService panics:", panics(func() { grpc_health_v1.RegisterHealthServer(channel, health.NewServer()) }))
	fmt.Println("InProcess panics:", panics(func() { channel.InProcess() }))
	fmt.Println("NewClient panics:", panics(func() { channel.NewClient() }))
}

func panics(f func()) (panics bool) {
	defer func() { panics = recover() != nil }()
	f()
	return false
}

func serve(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

type noStats struct{ stats.Handler }
