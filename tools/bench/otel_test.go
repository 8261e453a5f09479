package main

import (
	"context"
	"flag"
	"net"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

// BenchmarkOTel has otelgrpc on both sides, tracing every RPC and measuring it,
// and n interceptors on both. It is here since the root's go.mod is to be free
// of OpenTelemetry.
func BenchmarkOTel(b *testing.B) {
	traced := otelChain(0)
	wrapped := inprocchain.New(traced)
	pb.RegisterBenchmarkServiceServer(wrapped, echo{})
	hooked := new(inprocgrpc.Channel).
		WithServerStatsHandler(otelgrpc.NewServerHandler(providers()...)).
		WithClientStatsHandler(otelgrpc.NewClientHandler(providers()...))
	pb.RegisterBenchmarkServiceServer(hooked, echo{})
	inTurn(b, "n=0", []side{{"inprocchain", wrapped}, {"inprocgrpc", hooked}})

	chain := otelChain(5)
	full := inprocchain.New(chain)
	pb.RegisterBenchmarkServiceServer(full, echo{})
	buffer := bufconn.Listen(1 << 20)
	loopback, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	inTurn(b, "n=5", []side{
		{"inprocchain", full},
		{"bufconn", network(b, chain, buffer, func(ctx context.Context, _ string) (net.Conn, error) { return buffer.DialContext(ctx) })},
		{"tcp", network(b, chain, loopback, func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", loopback.Addr().String())
		})},
	})
}

var inRounds = flag.Int("rounds", 1, "how often the sides of a benchmark run in turn")

type side struct {
	name string
	conn grpc.ClientConnInterface
}

func inTurn(b *testing.B, name string, sides []side) {
	for range *inRounds {
		for _, on := range sides {
			b.Run(name+"/on="+on.name, func(b *testing.B) { unary(b, on.conn) })
		}
	}
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

func network(b *testing.B, chain inprocchain.Chain, listener net.Listener, dial func(context.Context, string) (net.Conn, error)) *grpc.ClientConn {
	server := grpc.NewServer(chain.ServerOptions()...)
	pb.RegisterBenchmarkServiceServer(server, echo{})
	go func() { _ = server.Serve(listener) }() // ended by Stop
	b.Cleanup(server.Stop)
	cc, err := grpc.NewClient("passthrough:///server", append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(dial),
	)...)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cc.Close() })
	return cc
}

func unary(b *testing.B, cc grpc.ClientConnInterface) {
	client := pb.NewBenchmarkServiceClient(cc)
	req := &pb.SimpleRequest{Payload: &pb.Payload{Body: make([]byte, 1<<10)}}
	b.ReportAllocs()
	b.SetBytes(1 << 10)
	for b.Loop() {
		if _, err := client.UnaryCall(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}

type echo struct {
	pb.UnimplementedBenchmarkServiceServer
}

func (echo) UnaryCall(_ context.Context, req *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	return &pb.SimpleResponse{Payload: req.GetPayload()}, nil
}

func passServer(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func passClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}
