package inprocchain_test

import (
	"context"
	"fmt"
	"net"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// audited prints the method and the result of each unary RPC.
func audited(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	fmt.Printf("audited %s: %v\n", info.FullMethod, status.Code(err))
	return resp, err
}

// The network server and the Channel have the same services, and run the same interceptors.
func Example() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))
	healthpb.RegisterHealthServer(channel, health.NewServer())
	server := channel.NewServer() // for the network

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	network, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}

	ctx := context.Background()
	for _, cc := range []grpc.ClientConnInterface{network, channel} {
		response, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		fmt.Println(response.GetStatus(), err)
	}

	_ = network.Close()
	server.GracefulStop()
	_ = channel.Shutdown(ctx)
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING <nil>
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING <nil>
}

func ExampleNew() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	response, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING <nil>
}

// Wrap adds a chain to an existing channel. The server side also runs for RPCs that are
// made on that channel.
func ExampleWrap() {
	ch := &inprocgrpc.Channel{}
	healthpb.RegisterHealthServer(ch, health.NewServer())

	channel := inprocchain.Wrap(ch, inprocchain.WithUnaryServerInterceptors(audited))
	for _, cc := range []grpc.ClientConnInterface{channel, ch} {
		response, err := healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{})
		fmt.Println(response.GetStatus(), err)
	}
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING <nil>
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING <nil>
}

// Wrap replaces grpchan.InterceptClientConn and the type assertion that gets the channel
// back.
func Example_interceptClientConn() {
	logged := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		fmt.Println("calling", method)
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	ch := &inprocgrpc.Channel{}
	healthpb.RegisterHealthServer(ch, health.NewServer())

	// Before: the layer hides the channel. An assertion without ok would panic here.
	hidden := grpchan.InterceptClientConn(ch, logged, nil)
	_, ok := hidden.(*inprocgrpc.Channel)
	fmt.Println("before:", ok)

	// After: the Channel runs the interceptor, and InProcess returns the channel.
	channel := inprocchain.Wrap(ch, inprocchain.WithUnaryClientInterceptors(logged))
	fmt.Println("after:", channel.InProcess() == ch)
	response, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// before: false
	// after: true
	// calling /grpc.health.v1.Health/Check
	// SERVING <nil>
}

// A frontService asks another service for its health.
type frontService struct {
	healthpb.UnimplementedHealthServer
	next healthpb.HealthClient
}

func (s *frontService) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if req.Service == "front" {
		return s.next.Check(ctx, &healthpb.HealthCheckRequest{Service: "back"})
	}
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
}

// Services of one process call each other through the Channel, so the chain also runs for
// these RPCs.
func ExampleChannel() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))
	healthpb.RegisterHealthServer(channel, &frontService{next: healthpb.NewHealthClient(channel)})

	client := healthpb.NewHealthClient(channel)
	response, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{Service: "front"})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// audited /grpc.health.v1.Health/Check: OK
	// audited /grpc.health.v1.Health/Check: OK
	// SERVING <nil>
}

// A panickingHealth is a service whose handler panics.
type panickingHealth struct {
	healthpb.UnimplementedHealthServer
}

func (panickingHealth) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	panic("out of luck")
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

// The first interceptor is the outermost. Recovery is the last, so auditing sees a panic of
// the handler as an error.
func ExampleWithUnaryServerInterceptors() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited, recovered))
	healthpb.RegisterHealthServer(channel, panickingHealth{})

	_, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	// Output:
	// recovered: out of luck
	// audited /grpc.health.v1.Health/Check: Internal
	// rpc error: code = Internal desc = internal error
}

// An interceptor for all of a chain's interceptors is useful in a test of the chain, which
// needs no server.
func ExampleChain_UnaryServerInterceptor() {
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audited, recovered))

	intercept := chain.UnaryServerInterceptor()
	info := &grpc.UnaryServerInfo{FullMethod: "/flags.v1.Flags/Get"}
	_, err := intercept(context.Background(), nil, info, func(context.Context, any) (any, error) {
		panic("a defect")
	})
	fmt.Println(err)
	// Output:
	// recovered: a defect
	// audited /flags.v1.Flags/Get: Internal
	// rpc error: code = Internal desc = internal error
}
