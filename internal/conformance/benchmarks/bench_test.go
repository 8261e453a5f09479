package benchmarks_test

import (
	"context"
	"flag"
	"fmt"
	"net"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/inprocchain/inprocchain"
)

// These benchmarks use the service and the messages of grpc-go's own benchmarks.
// Each has one part for each side, next to each other:
//
//	go test -run xxx -bench Unary/size=1KiB -count 10 ./benchmarks | benchstat -col /on -
//
// Compare ratios, not times, on a shared machine: see make bench, which runs the
// sides in turn.

var rounds = flag.Int("rounds", 1, "how often the sides of a benchmark run in turn")

func inTurn[S fmt.Stringer](b *testing.B, name string, sides []S, run func(*testing.B, S)) {
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
