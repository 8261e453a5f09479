package inprocchain_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
)

// The work is that of grpc-go's own benchmarks, with its service and messages.
// Each benchmark has one part for each side, next to each other:
//
//	go test -run xxx -bench Unary/size=1KiB -count 10 . | benchstat -col /on -
//
// Ratios say something, times on a shared machine do not: see make bench, which
// has the sides run in turn.

var rounds = flag.Int("rounds", 1, "how often the sides of a benchmark run in turn")

func inTurn[S interface{ String() string }](b *testing.B, name string, sides []S, run func(*testing.B, S)) {
	for range *rounds {
		for _, on := range sides {
			b.Run(fmt.Sprintf("%s/on=%v", name, on), func(b *testing.B) { run(b, on) })
		}
	}
}

var sizes = []struct {
	name  string
	bytes int
}{
	{"0", 0}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"128KiB", 128 << 10},
	{"256KiB", 256 << 10}, {"512KiB", 512 << 10}, {"1MiB", 1 << 20},
}

func BenchmarkUnary(b *testing.B) {
	for _, size := range sizes {
		req := request(size.bytes)
		sides := []side{{"inprocchain", ours()}, {"inprocgrpc", bare()}, {"below", below()}, {"floor", floor{}}}
		inTurn(b, "size="+size.name, sides, func(b *testing.B, on side) { unary(b, on.conn, req) })
	}
}

func BenchmarkServerInterceptors(b *testing.B) {
	req := request(1 << 10)
	for _, n := range []int{0, 1, 2, 4, 5, 8, 16, 32} {
		passes := passServers(n)
		sides := []side{
			{"inprocchain", ours(inprocchain.WithUnaryServerInterceptors(passes...))},
			{"grpchan", serve(new(inprocgrpc.Channel).WithServerUnaryInterceptor(foldLikeGrpchan(passes)))},
		}
		if n == 5 {
			byHand := foldFiveByHand(passes[0], passes[1], passes[2], passes[3], passes[4])
			sides = append(sides, side{"by-hand", serve(new(inprocgrpc.Channel).WithServerUnaryInterceptor(byHand))})
		}
		inTurn(b, fmt.Sprintf("n=%d", n), sides, func(b *testing.B, on side) { unary(b, on.conn, req) })
	}
}

func BenchmarkBothInterceptors(b *testing.B) {
	servers, clients := passServers(5), passClients(5)
	sides := []side{
		{"inprocchain", ours(
			inprocchain.WithUnaryServerInterceptors(servers...),
			inprocchain.WithUnaryClientInterceptors(clients...),
		)},
		{"grpchan", grpchan.InterceptClientConnUnary(
			serve(new(inprocgrpc.Channel).WithServerUnaryInterceptor(foldLikeGrpchan(servers))),
			clients...,
		)},
	}
	inTurn(b, "n=5", sides, func(b *testing.B, on side) { unary(b, on.conn, request(1<<10)) })
}

// BenchmarkOTel has otelgrpc on both sides, tracing every RPC and measuring it,
// and n interceptors on both.
func BenchmarkOTel(b *testing.B) {
	call := func(b *testing.B, on side) { unary(b, on.conn, request(1<<10)) }
	hooked := serve(new(inprocgrpc.Channel).
		WithServerStatsHandler(otelgrpc.NewServerHandler(providers()...)).
		WithClientStatsHandler(otelgrpc.NewClientHandler(providers()...)))
	inTurn(b, "n=0", []side{{"inprocchain", ours(otelChain(0))}, {"inprocgrpc", hooked}}, call)

	chain := otelChain(5)
	loopback, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	overTCP := func(ctx context.Context, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", loopback.Addr().String())
	}
	inTurn(b, "n=5", []side{
		{"inprocchain", ours(chain)},
		{"bufconn", dialBuffer(b, serve(grpc.NewServer(chain.ServerOptions()...)), chain.DialOptions()...)},
		{"tcp", dialOver(b, serve(grpc.NewServer(chain.ServerOptions()...)), loopback, overTCP, chain.DialOptions()...)},
	}, call)
}

func BenchmarkBidi(b *testing.B) {
	for _, size := range sizes[1:3] {
		sides := []side{{"inprocchain", ours()}, {"inprocgrpc", bare()}}
		inTurn(b, "size="+size.name, sides, func(b *testing.B, on side) { pingPong(b, on.conn, request(size.bytes)) })
	}
}

// BenchmarkFold runs the folded interceptors alone: grpc-go's are those that a
// network server gives to its handlers.
func BenchmarkFold(b *testing.B) {
	ctx, info := b.Context(), &grpc.UnaryServerInfo{}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	for _, n := range []int{1, 2, 4, 8, 16, 32} {
		passes := passServers(n)
		sides := []fold{
			{"inprocchain", inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(passes...)).UnaryServerInterceptor()},
			{"grpc-go", foldOfServer(b, passes)},
		}
		inTurn(b, fmt.Sprintf("n=%d", n), sides, func(b *testing.B, on fold) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = on.folded(ctx, nil, info, handler)
			}
		})
	}
}

func BenchmarkCallers(b *testing.B) {
	for _, callers := range []int{1, 2, 4, 8, 16, 32, 64} {
		sides := []side{{"inprocchain", ours()}, {"inprocgrpc", bare()}}
		inTurn(b, fmt.Sprintf("n=%d", callers), sides, func(b *testing.B, on side) { concurrently(b, on.conn, callers) })
	}
}

// BenchmarkMethods calls the last of a service's n methods.
func BenchmarkMethods(b *testing.B) {
	for _, n := range []int{1, 250, 500, 750, 1000} {
		wrapped := inprocchain.New()
		wrapped.RegisterService(manyMethods(n), echo{})
		plain := &inprocgrpc.Channel{}
		plain.RegisterService(manyMethods(n), echo{})
		method := fmt.Sprintf("/many.Methods/Method%d", n-1)
		sides := []side{{"inprocchain", wrapped}, {"inprocgrpc", plain}}
		inTurn(b, fmt.Sprintf("n=%d", n), sides, func(b *testing.B, on side) {
			req, resp := request(1<<10), new(pb.SimpleResponse)
			b.ReportAllocs()
			for b.Loop() {
				if err := on.conn.Invoke(b.Context(), method, req, resp); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type side struct {
	name string
	conn grpc.ClientConnInterface
}

func (s side) String() string { return s.name }

type fold struct {
	name   string
	folded grpc.UnaryServerInterceptor
}

func (f fold) String() string { return f.name }

func ours(opts ...inprocchain.Option) *inprocchain.Channel { return serve(inprocchain.New(opts...)) }

// below has its service registered on the inprocgrpc.Channel, which calls it then.
func below() *inprocchain.Channel {
	ch := inprocchain.New()
	serve(ch.InProcess())
	return ch
}

func bare() *inprocgrpc.Channel { return serve(&inprocgrpc.Channel{}) }

func serve[C grpc.ServiceRegistrar](ch C) C {
	pb.RegisterBenchmarkServiceServer(ch, echo{})
	return ch
}

func request(bytes int) *pb.SimpleRequest {
	if bytes == 0 {
		return &pb.SimpleRequest{}
	}
	return &pb.SimpleRequest{Payload: &pb.Payload{Body: make([]byte, bytes)}}
}

func unary(b *testing.B, cc grpc.ClientConnInterface, req *pb.SimpleRequest) {
	client := pb.NewBenchmarkServiceClient(cc)
	b.ReportAllocs()
	b.SetBytes(int64(len(req.GetPayload().GetBody())))
	for b.Loop() {
		if _, err := client.UnaryCall(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}

func pingPong(b *testing.B, cc grpc.ClientConnInterface, req *pb.SimpleRequest) {
	stream, err := pb.NewBenchmarkServiceClient(cc).StreamingCall(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(req.GetPayload().GetBody())))
	for b.Loop() {
		if err := stream.Send(req); err != nil {
			b.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			b.Fatal(err)
		}
	}
	if err := stream.CloseSend(); err != nil {
		b.Fatal(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		b.Fatal(err)
	}
}

func concurrently(b *testing.B, cc grpc.ClientConnInterface, callers int) {
	client, req := pb.NewBenchmarkServiceClient(cc), request(1<<10)
	b.ReportAllocs()
	var wg sync.WaitGroup
	for caller := range callers {
		calls := (b.N + caller) / callers
		wg.Go(func() {
			for range calls {
				if _, err := client.UnaryCall(b.Context(), req); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

type echo struct {
	pb.UnimplementedBenchmarkServiceServer
}

func (echo) UnaryCall(_ context.Context, req *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	return &pb.SimpleResponse{Payload: req.GetPayload()}, nil
}

func (echo) StreamingCall(stream grpc.BidiStreamingServer[pb.SimpleRequest, pb.SimpleResponse]) error {
	for {
		req, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.SimpleResponse{Payload: req.GetPayload()}); err != nil {
			return err
		}
	}
}

// The floor is what no channel can do without: two copies and a goroutine.
type floor struct {
	grpc.ClientConnInterface
}

func (floor) Invoke(ctx context.Context, _ string, req, resp any, _ ...grpc.CallOption) error {
	copied := proto.Clone(req.(*pb.SimpleRequest)).(*pb.SimpleRequest)
	answered := make(chan *pb.SimpleResponse, 1)
	go func() { // which copies nothing, so that its stack need not grow
		answer, _ := echo{}.UnaryCall(ctx, copied)
		answered <- answer
	}()
	proto.Merge(resp.(*pb.SimpleResponse), <-answered)
	return nil
}

func manyMethods(n int) *grpc.ServiceDesc {
	desc := &grpc.ServiceDesc{ServiceName: "many.Methods", HandlerType: (*any)(nil)}
	for i := range n {
		desc.Methods = append(desc.Methods, grpc.MethodDesc{
			MethodName: fmt.Sprintf("Method%d", i),
			Handler: func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
				return pb.BenchmarkService_ServiceDesc.Methods[0].Handler(srv, ctx, dec, interceptor)
			},
		})
	}
	return desc
}

func otelChain(n int) inprocchain.Chain {
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(providers()...)),
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(providers()...)),
	)
	for range n {
		chain = inprocchain.NewChain(chain,
			inprocchain.WithUnaryServerInterceptors(passServer),
			inprocchain.WithUnaryClientInterceptors(passClient),
		)
	}
	return chain
}

// providers record everything and export nothing.
func providers() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(discard{}))),
		otelgrpc.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))),
	}
}

type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

func passServers(n int) []grpc.UnaryServerInterceptor {
	return slices.Repeat([]grpc.UnaryServerInterceptor{passServer}, n)
}

func passClients(n int) []grpc.UnaryClientInterceptor {
	return slices.Repeat([]grpc.UnaryClientInterceptor{passClient}, n)
}

func passServer(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func passClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

// foldLikeGrpchan is chainUnaryServer of grpchan's intercept.go, which it keeps
// for service descriptions.
func foldLikeGrpchan(interceptors []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	switch len(interceptors) {
	case 0:
		return nil
	case 1:
		return interceptors[0]
	}
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		for i := range interceptors {
			interceptor, next := interceptors[len(interceptors)-i-1], handler
			handler = func(ctx context.Context, req any) (any, error) {
				return interceptor(ctx, req, info, next)
			}
		}
		return handler(ctx, req)
	}
}

// foldFiveByHand is what a person writes who has five interceptors and one place for them.
func foldFiveByHand(first, second, third, fourth, fifth grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return first(ctx, req, info, func(ctx context.Context, req any) (any, error) {
			return second(ctx, req, info, func(ctx context.Context, req any) (any, error) {
				return third(ctx, req, info, func(ctx context.Context, req any) (any, error) {
					return fourth(ctx, req, info, func(ctx context.Context, req any) (any, error) {
						return fifth(ctx, req, info, handler)
					})
				})
			})
		})
	}
}

// foldOfServer returns what grpc-go makes of the interceptors, as it hands it to
// a handler.
func foldOfServer(tb testing.TB, interceptors []grpc.UnaryServerInterceptor) (folded grpc.UnaryServerInterceptor) {
	desc := manyMethods(1)
	handle := desc.Methods[0].Handler
	desc.Methods[0].Handler = func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		folded = interceptor
		return handle(srv, ctx, dec, nil)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...))
	server.RegisterService(desc, echo{})
	cc := dialBuffer(tb, server)
	if err := cc.Invoke(tb.Context(), "/many.Methods/Method0", request(0), new(pb.SimpleResponse)); err != nil {
		tb.Fatal(err)
	}
	return folded
}

func dialBuffer(tb testing.TB, server *grpc.Server, options ...grpc.DialOption) *grpc.ClientConn {
	listener := bufconn.Listen(1 << 20)
	dialer := func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	return dialOver(tb, server, listener, dialer, options...)
}

// dialOver serves on the listener until the test ends, and connects to it.
func dialOver(tb testing.TB, server *grpc.Server, listener net.Listener, dialer func(context.Context, string) (net.Conn, error), options ...grpc.DialOption) *grpc.ClientConn {
	go func() { _ = server.Serve(listener) }() // ended by Stop
	tb.Cleanup(server.Stop)
	cc, err := grpc.NewClient("passthrough:///server", append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(dialer),
	)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cc.Close() })
	return cc
}
