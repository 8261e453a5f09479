package inprocchain_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/inprocchain/inprocchain"
)

// notEOF returns err, or nil if err is io.EOF.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func TestExtendingAChainDoesNotChangeIt(t *testing.T) {
	t.Parallel()
	var o order
	base := o.chain()
	var goroutines sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		goroutines.Go(func() {
			var ran order
			extended := inprocchain.NewChain(base, inprocchain.WithUnaryServerInterceptors(
				func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
					ran.add(name)
					return handler(ctx, req)
				}))
			if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(newChannel(extended))); err != nil {
				t.Error(err)
			}
			if got := ran.take(); len(got) != 1 || got[0] != name {
				t.Errorf("the chain extended by %s ran %q", name, got)
			}
		})
	}
	goroutines.Wait()
	o.take()
	if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(newChannel(base))); err != nil {
		t.Fatal(err)
	}
	if got := o.take(); len(got) != len(bothSides) {
		t.Errorf("base now runs %q", got)
	}
}

func TestOptionsCopyTheirArguments(t *testing.T) {
	t.Parallel()
	var o order
	named := func(name string) grpc.UnaryServerInterceptor {
		return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			o.add(name)
			return handler(ctx, req)
		}
	}
	interceptors := []grpc.UnaryServerInterceptor{named("before")}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(interceptors...))
	interceptors[0] = named("after")
	if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(newChannel(chain))); err != nil {
		t.Fatal(err)
	}
	if got := o.take(); len(got) != 1 || got[0] != "before" {
		t.Errorf("ran %q, want the interceptor that was passed to the option", got)
	}
}

func TestCombinedInterceptorsRunInTheOrderOfTheChain(t *testing.T) {
	t.Parallel()
	var o order
	chain := o.chain()
	server := grpc.NewServer(
		grpc.UnaryInterceptor(chain.UnaryServerInterceptor()),
		grpc.StreamInterceptor(chain.StreamServerInterceptor()),
	)
	grpchantesting.RegisterTestServiceServer(server, &grpchantesting.TestServer{})
	cc := dialServer(t, server,
		grpc.WithUnaryInterceptor(chain.UnaryClientInterceptor()),
		grpc.WithStreamInterceptor(chain.StreamClientInterceptor()),
	)
	want := []string{"client interceptor 1", "client interceptor 2", "server interceptor 1", "server interceptor 2"}
	for kind, call := range calls {
		if err := call(t.Context(), grpchantesting.NewTestServiceClient(cc)); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if got := strings.Join(o.take(), ", "); got != strings.Join(want, ", ") {
			t.Errorf("%s: ran %s, want %s", kind, got, want)
		}
	}
}

func TestChainWithoutInterceptorsReturnsNil(t *testing.T) {
	t.Parallel()
	stats := inprocchain.NewChain(inprocchain.WithServerStatsHandlers(silent{}), inprocchain.WithClientStatsHandlers(silent{}))
	for name, chain := range map[string]inprocchain.Chain{"the zero Chain": {}, "only stats handlers": stats} {
		if chain.UnaryServerInterceptor() != nil || chain.StreamServerInterceptor() != nil ||
			chain.UnaryClientInterceptor() != nil || chain.StreamClientInterceptor() != nil {
			t.Errorf("%s: a combined interceptor is not nil", name)
		}
	}
	if opts := (inprocchain.Chain{}).ServerOptions(); len(opts) != 0 {
		t.Errorf("the zero Chain has %d server options", len(opts))
	}
	if opts := (inprocchain.Chain{}).DialOptions(); len(opts) != 0 {
		t.Errorf("the zero Chain has %d dial options", len(opts))
	}
}

func recoverPanics(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

//go:noinline
func audit() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
}

type limiter struct{}

func (limiter) stream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, ss)
}

func typed[T any](ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func TestStringListsTheChain(t *testing.T) {
	t.Parallel()
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(recoverPanics, audit()),
		inprocchain.WithStreamServerInterceptors(limiter{}.stream),
		inprocchain.WithServerStatsHandlers(silent{}),
		inprocchain.WithUnaryClientInterceptors(typed[int]),
		inprocchain.WithClientStatsHandlers(&beginRecorder{}, silent{}),
	)
	want := strings.TrimPrefix(`
client   unary                            stream
  1      inprocchain_test.typed           -
  stats  *inprocchain_test.beginRecorder  *inprocchain_test.beginRecorder
  stats  inprocchain_test.silent          inprocchain_test.silent
server   unary                           stream
  stats  inprocchain_test.silent         inprocchain_test.silent
  1      inprocchain_test.recoverPanics  inprocchain_test.limiter.stream
  2      inprocchain_test.audit          -
`, "\n")
	if got := chain.String(); got != want {
		t.Errorf("String() is\n%s\nwant\n%s", got, want)
	}
	if got, want := (inprocchain.Chain{}).String(), "client: nothing\nserver: nothing\n"; got != want {
		t.Errorf("the zero Chain's String() is %q, want %q", got, want)
	}
}

func TestMultiRegistrarRegistersOnAll(t *testing.T) {
	t.Parallel()
	server, ch := grpc.NewServer(), inprocchain.New()
	grpchantesting.RegisterTestServiceServer(inprocchain.MultiRegistrar(server, ch), &grpchantesting.TestServer{})
	for name, cc := range map[string]grpc.ClientConnInterface{"network": dialServer(t, server), "in-process": ch} {
		if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(cc)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReflectionMayBeRegisteredOnAMultiRegistrar(t *testing.T) {
	t.Parallel()
	server, ch := grpc.NewServer(), inprocchain.New()
	all := inprocchain.MultiRegistrar(server, ch)
	grpchantesting.RegisterTestServiceServer(all, &grpchantesting.TestServer{})
	reflection.Register(all)
	for name, cc := range map[string]grpc.ClientConnInterface{"network": dialServer(t, server), "in-process": ch} {
		stream, err := reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}); err != nil {
			t.Fatal(err)
		}
		resp, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, service := range resp.GetListServicesResponse().GetService() {
			got = append(got, service.Name)
		}
		if want := "grpchantesting.TestService"; !slices.Contains(got, want) {
			t.Errorf("%s: reflection lists %q, want %s among them", name, got, want)
		}
		if err := stream.CloseSend(); err != nil {
			t.Error(err)
		}
	}
}

func TestMultiRegistrarReturnsTheServicesOfAllRegistrars(t *testing.T) {
	t.Parallel()
	server, ch := grpc.NewServer(), inprocchain.New()
	textService{}.register(ch)
	grpchantesting.RegisterTestServiceServer(server, &grpchantesting.TestServer{})
	got := inprocchain.MultiRegistrar(server, ch, registrarOnly{ch}).GetServiceInfo()
	for _, want := range []string{"test.Text", "grpchantesting.TestService"} {
		if _, ok := got[want]; !ok || len(got) != 2 {
			t.Errorf("GetServiceInfo returned %v, want two services, one of which is %s", got, want)
		}
	}
}

// A registrarOnly has no GetServiceInfo.
type registrarOnly struct{ grpc.ServiceRegistrar }
