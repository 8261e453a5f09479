package benchmarks_test

import (
	"context"
	"fmt"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Messages that people send have structure, and copying them takes longer than copying as many
// bytes. The messages here are OTLP spans, there and back.

// BenchmarkStructured sends n spans, of about 150 bytes each.
func BenchmarkStructured(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		server := grpc.NewServer()
		server.RegisterService(&spansDesc, spansService{})
		sides := []side{
			{"inprocchain", spansOn(inprocchain.New())},
			{"shared", spansOn(inprocchain.New(inprocchain.WithSharedMessages()))},
			{"inprocgrpc", spansOn(&inprocgrpc.Channel{})},
			{"bufconn", testservice.Dial(b, server)},
			{"connect", connectInProcess(spansEcho, spansService{}.echo)},
			{"direct", directSpans{}},
		}
		req := newSpans(n)
		runInTurn(b, fmt.Sprintf("n=%d", n), sides, func(b *testing.B, on side) { echoSpans(b, on.conn, req) })
	}
}

// BenchmarkStructuredOTel has otelgrpc, which asks for the sizes of messages, and 5
// interceptors on both sides.
func BenchmarkStructuredOTel(b *testing.B) {
	chain, req := otelChain(5), newSpans(100)
	server := grpc.NewServer(chain.ServerOptions()...)
	server.RegisterService(&spansDesc, spansService{})
	runInTurn(b, "n=100", []side{
		{"inprocchain", spansOn(inprocchain.New(chain))},
		{"shared", spansOn(inprocchain.New(chain, inprocchain.WithSharedMessages()))},
		{"bufconn", testservice.Dial(b, server, chain.DialOptions()...)},
	}, func(b *testing.B, on side) { echoSpans(b, on.conn, req) })
}

// BenchmarkShared shares messages with one flat field of bytes.
func BenchmarkShared(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"0", 0}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20}} {
		sides := []side{
			{"inprocchain", newChannel()},
			{"shared", newChannel(inprocchain.WithSharedMessages())},
			{"inprocgrpc", bareChannel()},
			{"connect", connectInProcess(pb.BenchmarkService_UnaryCall_FullMethodName, echo{}.UnaryCall)},
			{"direct", directEcho{}},
		}
		runInTurn(b, "size="+size.name, sides, func(b *testing.B, on side) { unary(b, on.conn, request(size.bytes)) })
	}
}

func echoSpans(b *testing.B, cc grpc.ClientConnInterface, req *coltracepb.ExportTraceServiceRequest) {
	b.ReportAllocs()
	b.SetBytes(int64(proto.Size(req)))
	for b.Loop() {
		if err := cc.Invoke(b.Context(), spansEcho, req, new(coltracepb.ExportTraceServiceRequest)); err != nil {
			b.Fatal(err)
		}
	}
}

const spansEcho = "/benchmark.Spans/Echo"

// A spansService responds with the request.
type spansService struct{}

func (spansService) echo(_ context.Context, req *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceRequest, error) {
	return req, nil
}

var spansDesc = grpc.ServiceDesc{
	ServiceName: "benchmark.Spans",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "Echo", Handler: func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		req := new(coltracepb.ExportTraceServiceRequest)
		if err := decode(req); err != nil {
			return nil, err
		}
		if interceptor == nil {
			return srv.(spansService).echo(ctx, req)
		}
		return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: spansEcho}, func(ctx context.Context, req any) (any, error) {
			return srv.(spansService).echo(ctx, req.(*coltracepb.ExportTraceServiceRequest))
		})
	}}},
}

func spansOn[C grpc.ServiceRegistrar](channel C) C {
	channel.RegisterService(&spansDesc, spansService{})
	return channel
}

// newSpans returns n spans with 4 attributes each.
func newSpans(n int) *coltracepb.ExportTraceServiceRequest {
	scope := &tracepb.ScopeSpans{Scope: &commonpb.InstrumentationScope{Name: "benchmark"}}
	for i := range n {
		scope.Spans = append(scope.Spans, &tracepb.Span{
			TraceId:           make([]byte, 16),
			SpanId:            make([]byte, 8),
			ParentSpanId:      make([]byte, 8),
			Name:              "package.Service/Method",
			Kind:              tracepb.Span_SPAN_KIND_SERVER,
			StartTimeUnixNano: uint64(i),
			EndTimeUnixNano:   uint64(i + 1),
			Attributes: []*commonpb.KeyValue{
				attribute("rpc.system", "grpc"), attribute("rpc.service", "Service"), attribute("rpc.method", "Method"), attribute("peer", "inproc"),
			},
		})
	}
	return &coltracepb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{
		Resource:   &resourcepb.Resource{Attributes: []*commonpb.KeyValue{attribute("service.name", "benchmark")}},
		ScopeSpans: []*tracepb.ScopeSpans{scope},
	}}}
}

func attribute(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}}
}

// directSpans and directEcho are what applications write by hand: they call the implementation
// on the caller's goroutine and pass pointers.
type (
	directSpans struct{ grpc.ClientConnInterface }
	directEcho  struct{ grpc.ClientConnInterface }
)

func (directSpans) Invoke(ctx context.Context, _ string, req, reply any, _ ...grpc.CallOption) error {
	resp, err := spansService{}.echo(ctx, req.(*coltracepb.ExportTraceServiceRequest))
	if err == nil {
		reply.(*coltracepb.ExportTraceServiceRequest).ResourceSpans = resp.ResourceSpans
	}
	return err
}

func (directEcho) Invoke(ctx context.Context, _ string, req, reply any, _ ...grpc.CallOption) error {
	resp, err := echo{}.UnaryCall(ctx, req.(*pb.SimpleRequest))
	if err == nil {
		reply.(*pb.SimpleResponse).Payload = resp.Payload
	}
	return err
}

// connectInProcess returns the in-process client of connect-go for one method. It calls the
// handler on its caller's goroutine.
func connectInProcess[Req, Resp any](method string, call func(context.Context, *Req) (*Resp, error)) grpc.ClientConnInterface {
	spec := connect.Spec{StreamType: connect.StreamTypeUnary, Procedure: method}
	server := connect.NewServer()
	server.Register(connect.Method{Spec: spec, Handler: func(ctx context.Context, _ connect.Spec, stream connect.ServerStream) error {
		req := new(Req)
		if err := stream.Receive(req); err != nil {
			return err
		}
		resp, err := call(ctx, req)
		if err != nil {
			return err
		}
		return stream.Send(resp)
	}})
	return connectConn{client: connect.NewClient(connectinprocess.New(server)), spec: spec}
}

type connectConn struct {
	grpc.ClientConnInterface
	client *connect.Client
	spec   connect.Spec
}

func (c connectConn) Invoke(ctx context.Context, _ string, req, reply any, _ ...grpc.CallOption) error {
	return c.client.CallUnary(ctx, c.spec, req, reply)
}
