package inprocchain_test

import (
	"context"
	"fmt"
	"net"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// The health service has moved to another process, and is not registered here. Its callers
// do not change. Shutdown closes the connections to it.
func ExampleWithRemoteTarget() {
	target, stop := serveElsewhere()
	defer stop()

	channel := inprocchain.New(
		inprocchain.WithUnaryClientInterceptors(printMethod),
		inprocchain.WithRemoteTarget(target, []string{"grpc.health.v1.Health"},
			grpc.WithTransportCredentials(insecure.NewCredentials())),
	)
	ctx := context.Background()
	response, err := healthpb.NewHealthClient(channel).Check(ctx, &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)

	_ = channel.Shutdown(ctx)
	// Output:
	// calling /grpc.health.v1.Health/Check
	// SERVING <nil>
}

func printMethod(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println("calling", method)
	return invoker(ctx, method, req, reply, cc, opts...)
}

// serveElsewhere stands for another process.
func serveElsewhere() (target string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), server.Stop
}

// byService is a connection that sends each RPC to the connection of its service.
type byService map[string]grpc.ClientConnInterface

func (b byService) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	conn, err := b.find(method)
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, method, req, reply, opts...)
}

func (b byService) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := b.find(method)
	if err != nil {
		return nil, err
	}
	return conn.NewStream(ctx, desc, method, opts...)
}

func (b byService) find(method string) (grpc.ClientConnInterface, error) {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	if conn, ok := b[service]; ok {
		return conn, nil
	}
	return nil, status.Errorf(codes.Unimplemented, "unknown service %s", service)
}

// The remote is a router. It finds the health service on another Channel.
func ExampleWithRemote() {
	other := inprocchain.New()
	healthpb.RegisterHealthServer(other, health.NewServer())

	channel := inprocchain.New(inprocchain.WithRemote(byService{"grpc.health.v1.Health": other}))
	response, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// SERVING <nil>
}
