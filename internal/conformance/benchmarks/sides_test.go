package benchmarks_test

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A side is one of the connections that a benchmark compares.
type side struct {
	name string
	conn grpc.ClientConnInterface
}

func (s side) String() string { return s.name }

// A fold is one of the ways to fold interceptors that a benchmark compares.
type fold struct {
	name   string
	folded grpc.UnaryServerInterceptor
}

func (f fold) String() string { return f.name }

func newChannel(opts ...inprocchain.Option) *inprocchain.Channel {
	return serve(inprocchain.New(opts...))
}

// channelServedBelow returns a Channel whose service is registered on the
// inprocgrpc.Channel below it.
func channelServedBelow() *inprocchain.Channel {
	ch := inprocchain.New()
	serve(ch.InProcess())
	return ch
}

func bareChannel() *inprocgrpc.Channel { return serve(&inprocgrpc.Channel{}) }

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

// echo is the service: it responds with the payload of the request.
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

// The floor is the least that an in-process RPC needs: a goroutine for the handler and
// two deep copies.
type floor struct {
	grpc.ClientConnInterface
}

func (floor) Invoke(ctx context.Context, _ string, req, resp any, _ ...grpc.CallOption) error {
	copied := proto.Clone(req.(*pb.SimpleRequest)).(*pb.SimpleRequest)
	done := make(chan *pb.SimpleResponse, 1)
	go func() { // It copies nothing, so its stack does not grow.
		response, _ := echo{}.UnaryCall(ctx, copied)
		done <- response
	}()
	proto.Merge(resp.(*pb.SimpleResponse), <-done)
	return nil
}

// A handlerFloor is a floor that also has what any connection for generated code needs: it
// calls the handler that protoc-gen-go-grpc generates, in a goroutine that shares a struct
// with the caller, and the caller may stop waiting for it.
type handlerFloor struct {
	grpc.ClientConnInterface
}

type handlerFloorRPC struct {
	ctx      context.Context
	request  *pb.SimpleRequest
	response any
	err      error
	done     chan struct{}
}

func (handlerFloor) Invoke(ctx context.Context, _ string, req, resp any, _ ...grpc.CallOption) error {
	rpc := &handlerFloorRPC{ctx: ctx, request: proto.Clone(req.(*pb.SimpleRequest)).(*pb.SimpleRequest), done: make(chan struct{}, 1)}
	go rpc.serve()
	select {
	case <-rpc.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if rpc.err != nil {
		return rpc.err
	}
	proto.Merge(resp.(*pb.SimpleResponse), rpc.response.(*pb.SimpleResponse))
	return nil
}

func (rpc *handlerFloorRPC) serve() {
	rpc.response, rpc.err = pb.BenchmarkService_ServiceDesc.Methods[0].Handler(echo{}, rpc.ctx, rpc.decode, nil)
	rpc.done <- struct{}{}
}

func (rpc *handlerFloorRPC) decode(out any) error {
	reflect.ValueOf(out).Elem().Set(reflect.ValueOf(rpc.request).Elem())
	return nil
}

// manyMethods returns a service with n methods that all call UnaryCall.
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

// otelChain has otelgrpc and n interceptors, on both sides.
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

// foldLikeGrpchan does what the unexported chainUnaryServer of grpchan's intercept.go
// does.
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

// foldFiveByHand is the code that an application writes to set five interceptors on a
// channel that takes one.
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

// foldOfServer returns the interceptor that a grpc-go server passes to its handlers:
// the given ones, folded.
func foldOfServer(tb testing.TB, interceptors []grpc.UnaryServerInterceptor) (folded grpc.UnaryServerInterceptor) {
	desc := manyMethods(1)
	handle := desc.Methods[0].Handler
	desc.Methods[0].Handler = func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		folded = interceptor
		return handle(srv, ctx, dec, nil)
	}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...))
	server.RegisterService(desc, echo{})
	cc := testservice.Dial(tb, server)
	if err := cc.Invoke(tb.Context(), "/many.Methods/Method0", request(0), new(pb.SimpleResponse)); err != nil {
		tb.Fatal(err)
	}
	return folded
}
