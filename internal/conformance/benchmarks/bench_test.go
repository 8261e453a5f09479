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
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// The benchmarks use the service and the messages of grpc-go's own benchmarks. Each
// one has a sub-benchmark for each side of a comparison, so that benchstat can put the
// sides next to each other:
//
//	go test -run xxx -bench Unary/size=1KiB -count 10 ./benchmarks | benchstat -col /on -
//
// On a shared machine, compare ratios and not times. make bench does this: it runs the
// sides in turn, many times, and compares them within each round.

var rounds = flag.Int("rounds", 1, "how many times to run the sides of each benchmark in turn")

// runInTurn runs a benchmark on each of the sides, one after the other, and repeats
// that for the number of rounds.
func runInTurn[S fmt.Stringer](b *testing.B, name string, sides []S, run func(*testing.B, S)) {
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
	{"0", 0}, {"1KiB", 1 << 10}, {"4KiB", 4 << 10}, {"16KiB", 16 << 10},
	{"64KiB", 64 << 10}, {"256KiB", 256 << 10}, {"1MiB", 1 << 20},
}

func BenchmarkUnary(b *testing.B) {
	for _, size := range sizes {
		req := request(size.bytes)
		sides := []side{{"inprocchain", newChannel()}, {"inprocgrpc", bareChannel()}, {"floor", floor{}}}
		if size.bytes <= 1<<10 {
			sides = append(sides, side{"below", channelServedBelow()})
		}
		runInTurn(b, "size="+size.name, sides, func(b *testing.B, on side) { unary(b, on.conn, req) })
	}
}

// BenchmarkFloor shows how much of the time beyond the floor any connection needs that calls
// generated handlers.
func BenchmarkFloor(b *testing.B) {
	for _, size := range sizes[:2] {
		req := request(size.bytes)
		sides := []side{{"inprocchain", newChannel()}, {"floor", floor{}}, {"handlerfloor", handlerFloor{}}}
		runInTurn(b, "size="+size.name, sides, func(b *testing.B, on side) { unary(b, on.conn, req) })
	}
}

// BenchmarkServerInterceptors calls through n server interceptors that do nothing.
func BenchmarkServerInterceptors(b *testing.B) {
	req := request(1 << 10)
	for _, n := range []int{0, 1, 5, 8, 16, 24, 32} {
		interceptors := passServers(n)
		sides := []side{
			{"inprocchain", newChannel(inprocchain.WithUnaryServerInterceptors(interceptors...))},
			{"grpchan", serve(new(inprocgrpc.Channel).WithServerUnaryInterceptor(foldLikeGrpchan(interceptors)))},
		}
		if n == 5 {
			byHand := foldFiveByHand(interceptors[0], interceptors[1], interceptors[2], interceptors[3], interceptors[4])
			sides = append(sides, side{"by-hand", serve(new(inprocgrpc.Channel).WithServerUnaryInterceptor(byHand))})
		}
		runInTurn(b, fmt.Sprintf("n=%d", n), sides, func(b *testing.B, on side) { unary(b, on.conn, req) })
	}
}

func BenchmarkBothInterceptors(b *testing.B) {
	servers, clients := passServers(5), passClients(5)
	sides := []side{
		{"inprocchain", newChannel(
			inprocchain.WithUnaryServerInterceptors(servers...),
			inprocchain.WithUnaryClientInterceptors(clients...),
		)},
		{"grpchan", grpchan.InterceptClientConnUnary(
			serve(new(inprocgrpc.Channel).WithServerUnaryInterceptor(foldLikeGrpchan(servers))),
			clients...,
		)},
	}
	runInTurn(b, "n=5", sides, func(b *testing.B, on side) { unary(b, on.conn, request(1<<10)) })
}

// BenchmarkOTel has otelgrpc on both sides, which traces and measures every RPC, and n
// interceptors on both sides.
func BenchmarkOTel(b *testing.B) {
	call := func(b *testing.B, on side) { unary(b, on.conn, request(1<<10)) }
	hooked := serve(new(inprocgrpc.Channel).
		WithServerStatsHandler(otelgrpc.NewServerHandler(providers()...)).
		WithClientStatsHandler(otelgrpc.NewClientHandler(providers()...)))
	runInTurn(b, "n=0", []side{{"inprocchain", newChannel(otelChain(0))}, {"inprocgrpc", hooked}}, call)

	chain := otelChain(5)
	loopback, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	testservice.Serve(b, serve(grpc.NewServer(chain.ServerOptions()...)), loopback)
	overTCP := testservice.Connect(b, func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", loopback.Addr().String())
	}, chain.DialOptions()...)
	runInTurn(b, "n=5", []side{
		{"inprocchain", newChannel(chain)},
		{"bufconn", testservice.Dial(b, serve(grpc.NewServer(chain.ServerOptions()...)), chain.DialOptions()...)},
		{"tcp", overTCP},
	}, call)
}

// BenchmarkBidi sends messages on one stream and waits for the response to each.
func BenchmarkBidi(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"1KiB", 1 << 10}, {"64KiB", 64 << 10}} {
		sides := []side{{"inprocchain", newChannel()}, {"inprocgrpc", bareChannel()}}
		runInTurn(b, "size="+size.name, sides, func(b *testing.B, on side) { pingPong(b, on.conn, request(size.bytes)) })
	}
}

// BenchmarkFold calls n folded interceptors without an RPC around them. Those of
// grpc-go are what a network server passes to its handlers.
func BenchmarkFold(b *testing.B) {
	ctx, info := b.Context(), &grpc.UnaryServerInfo{}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	for _, n := range []int{1, 32} {
		interceptors := passServers(n)
		sides := []fold{
			{"inprocchain", inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(interceptors...)).UnaryServerInterceptor()},
			{"grpc-go", foldOfServer(b, interceptors)},
		}
		runInTurn(b, fmt.Sprintf("n=%d", n), sides, func(b *testing.B, on fold) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = on.folded(ctx, nil, info, handler)
			}
		})
	}
}

// BenchmarkMethods calls the last one of the n methods of a service.
func BenchmarkMethods(b *testing.B) {
	for _, n := range []int{1, 250, 500, 750, 1000} {
		channel := inprocchain.New()
		channel.RegisterService(manyMethods(n), echo{})
		bare := &inprocgrpc.Channel{}
		bare.RegisterService(manyMethods(n), echo{})
		method := fmt.Sprintf("/many.Methods/Method%d", n-1)
		sides := []side{{"inprocchain", channel}, {"inprocgrpc", bare}}
		runInTurn(b, fmt.Sprintf("n=%d", n), sides, func(b *testing.B, on side) {
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
