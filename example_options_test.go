package inprocchain_test

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// A Chain is an Option, so a function can return several options as one.
func ExampleOption() {
	limits := func() inprocchain.Option {
		return inprocchain.NewChain(
			inprocchain.WithServerMaxRecvMsgSize(1<<20),
			inprocchain.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<20)),
		)
	}

	channel := inprocchain.New(limits(), inprocchain.WithUserAgent("gateway/1.2"))
	fmt.Print(channel.Chain())
	// Output:
	// client
	//   call options: grpc.MaxRecvMsgSizeCallOption
	//   user agent: gateway/1.2
	// server
	//   largest request: 1048576 bytes
}

// Every RPC of a client gets its default call options. Those of the RPC come after
// them.
func ExampleWithDefaultCallOptions() {
	chain := inprocchain.NewChain(
		inprocchain.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1)), // also in chain.DialOptions()
	)
	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	_, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(err)
	resp, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{}, grpc.MaxCallRecvMsgSize(1<<20))
	fmt.Println(resp.Status, err)
	// Output:
	// rpc error: code = ResourceExhausted desc = grpc: received message larger than max (2 vs. 1)
	// SERVING <nil>
}

// Logs tell clients apart by their user agents.
func ExampleWithUserAgent() {
	channel := inprocchain.New(
		inprocchain.WithUserAgent("gateway/1.2"), // also in the DialOptions of a Chain
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			agent := metadata.ValueFromIncomingContext(ctx, "user-agent")[0]
			name, _, _ := strings.Cut(agent, " grpc-go/")
			fmt.Println("called by", name)
			return handler(ctx, req)
		}),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	worker := channel.NewClient(inprocchain.WithUserAgent("worker/1.0"))
	for _, cc := range []grpc.ClientConnInterface{channel, worker} {
		response, err := healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{})
		fmt.Println(response.GetStatus(), err)
	}
	// Output:
	// called by gateway/1.2
	// SERVING <nil>
	// called by worker/1.0
	// SERVING <nil>
}

// The limit holds on the network and in-process. Requests from a REST gateway in the same
// process come from strangers, too.
func ExampleWithServerMaxRecvMsgSize() {
	chain := inprocchain.NewChain(
		inprocchain.WithServerMaxRecvMsgSize(10), // also in chain.ServerOptions()
	)
	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	request := &healthpb.HealthCheckRequest{Service: "a name that is too long"}
	_, err := healthpb.NewHealthClient(channel).Check(context.Background(), request)
	fmt.Println(err)
	// Output:
	// rpc error: code = ResourceExhausted desc = grpc: received message larger than max (25 vs. 10)
}

// A client that shares messages receives what the handler has cached. Another client of the same
// services receives a copy, which it may change.
func ExampleWithSharedMessages() {
	cached := &healthpb.HealthListResponse{Statuses: map[string]*healthpb.HealthCheckResponse{
		"flags": {Status: healthpb.HealthCheckResponse_SERVING},
	}}
	returnCached := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		return cached, nil
	}
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(returnCached))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	ctx := context.Background()
	for _, cc := range []grpc.ClientConnInterface{channel.NewClient(inprocchain.WithSharedMessages()), channel} {
		response, err := healthpb.NewHealthClient(cc).List(ctx, &healthpb.HealthListRequest{})
		isCached := response.Statuses["flags"] == cached.Statuses["flags"]
		fmt.Println(response.Statuses["flags"].Status, isCached, err)
	}
	// Output:
	// SERVING true <nil>
	// SERVING false <nil>
}

// Middleware that expects an IP address finds one.
func ExampleWithAddr() {
	channel := inprocchain.New(
		inprocchain.WithAddr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9000}),
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if from, ok := peer.FromContext(ctx); ok {
				fmt.Println("called from", from.Addr)
			}
			return handler(ctx, req)
		}),
	)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	response, err := healthpb.NewHealthClient(channel).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	// Output:
	// called from 127.0.0.1:9000
	// SERVING <nil>
}

// A module is known by an AuthInfo of a type that nobody on a network can have.
func ExampleWithPeer() {
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(onlyBilling))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	billing := channel.NewClient(inprocchain.WithPeer(func(context.Context) *peer.Peer {
		return &peer.Peer{AuthInfo: module{name: "billing"}}
	}))
	for _, cc := range []grpc.ClientConnInterface{billing, channel} {
		_, err := healthpb.NewHealthClient(cc).Check(context.Background(), &healthpb.HealthCheckRequest{})
		fmt.Println(status.Code(err))
	}
	// Output:
	// OK
	// PermissionDenied
}

// A module is the AuthInfo of a module of this application.
type module struct {
	credentials.CommonAuthInfo
	name string
}

func (module) AuthType() string { return "module" }

// onlyBilling refuses RPCs that are not made by the billing module.
func onlyBilling(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	p, _ := peer.FromContext(ctx)
	if caller, ok := p.AuthInfo.(module); !ok || caller.name != "billing" {
		return nil, status.Error(codes.PermissionDenied, "only billing may call this")
	}
	return handler(ctx, req)
}

// The cloner copies messages that are not protobuf messages. Without it, the codec named
// "proto" would refuse them.
func ExampleWithCloner() {
	type greeting struct{ Text string }
	channel := inprocchain.New(inprocchain.WithCloner(inprocgrpc.CloneFunc(func(in any) (any, error) {
		message := *in.(*greeting)
		return &message, nil
	})))
	channel.RegisterService(&grpc.ServiceDesc{
		ServiceName: "Greeter",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Greet",
			Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				request := new(greeting)
				if err := decode(request); err != nil {
					return nil, err
				}
				return &greeting{Text: "Hello, " + request.Text}, nil
			},
		}},
	}, struct{}{})

	response := new(greeting)
	err := channel.Invoke(context.Background(), "/Greeter/Greet", &greeting{Text: "Alice"}, response)
	fmt.Println(response.Text, err)
	// Output:
	// Hello, Alice <nil>
}

// With the cloner of a codec, messages are encoded and decoded in-process. It refuses what
// a network would refuse, such as invalid UTF-8.
func ExampleWithCloner_codec() {
	codec := encoding.GetCodecV2("proto")
	channel := inprocchain.New(inprocchain.WithCloner(inprocgrpc.CodecClonerV2(codec)))
	healthpb.RegisterHealthServer(channel, health.NewServer())

	client := healthpb.NewHealthClient(channel)
	_, err := client.Check(context.Background(), &healthpb.HealthCheckRequest{Service: "\xff"})
	fmt.Println(status.Code(err))
	// Output:
	// Internal
}

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
