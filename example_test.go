package inprocchain_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// The network server and the channel run the same chain.
func Example() {
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(audited, recovered),
	)

	server := grpc.NewServer(chain.ServerOptions()...) // for the network
	channel := inprocchain.New(chain)                  // for this process

	services := inprocchain.MultiRegistrar(server, channel)
	healthpb.RegisterHealthServer(services, health.NewServer())

	network, stop := listenAndDial(server)
	defer stop()
	fmt.Println("network:", checkHealth(network))
	fmt.Println("in-process:", checkHealth(channel))
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// network: SERVING
	// audited /grpc.health.v1.Health/Check: OK
	// in-process: SERVING
}

// Wrap replaces grpchan.InterceptClientConn and the type assertion that gets the channel
// back.
func Example_interceptClientConn() {
	ch := &inprocgrpc.Channel{}
	healthpb.RegisterHealthServer(ch, health.NewServer())

	// Before: the layer hides the channel. An assertion without ok would panic here.
	hidden := grpchan.InterceptClientConn(ch, authorized, nil)
	_, ok := hidden.(*inprocgrpc.Channel)
	fmt.Println("before:", checkHealth(hidden), ok)

	// After: the Channel runs the interceptor, and InProcess returns the channel.
	channel := inprocchain.Wrap(ch, inprocchain.WithUnaryClientInterceptors(authorized))
	fmt.Println("after:", checkHealth(channel), channel.InProcess() == ch)

	// Output:
	// before: SERVING false
	// after: SERVING true
}

// A panic in a handler ends the process, in-process as on a network, unless an
// interceptor recovers it.
func Example_recovery() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(recovered))
	healthpb.RegisterHealthServer(channel, panickingHealth{})

	_, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	// Output:
	// recovered: out of luck
	// rpc error: code = Internal desc = internal error
}

// recovered turns a handler's panic into an error.
func recovered(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (_ any, err error) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Println("recovered:", p) // and log debug.Stack()
			err = status.Error(codes.Internal, "internal error")
		}
	}()
	return handler(ctx, req)
}

// audited prints the method and the result of every RPC.
func audited(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	fmt.Printf("audited %s: %v\n", info.FullMethod, status.Code(err))
	return resp, err
}

// authorized adds a token to every RPC.
func authorized(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer alice")
	return invoker(ctx, method, req, reply, cc, opts...)
}

// panickingHealth is a service whose handler panics.
type panickingHealth struct {
	healthpb.UnimplementedHealthServer
}

func (panickingHealth) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	panic(errors.New("out of luck"))
}

// checkHealth makes a unary RPC on cc and returns the status or the error.
func checkHealth(cc grpc.ClientConnInterface) any {
	response, err := healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{})
	if err != nil {
		return err
	}
	return response.Status
}

// listenAndDial serves on a free port and returns a connection to it.
func listenAndDial(server *grpc.Server, opts ...grpc.DialOption) (*grpc.ClientConn, func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	cc, err := grpc.NewClient(listener.Addr().String(), append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	return cc, func() {
		_ = cc.Close()
		server.Stop()
	}
}
