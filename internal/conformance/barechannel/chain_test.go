package barechannel_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

func TestBareChannelIsHiddenByInterceptors(t *testing.T) {
	t.Parallel()
	pass := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	bare := &inprocgrpc.Channel{}
	intercepted := grpchan.InterceptClientConn(bare, pass, nil)
	if caught := catch(func() { _ = intercepted.(*inprocgrpc.Channel) }); caught == nil {
		t.Error("the type assertion on the intercepted bare channel does not panic")
	}

	ch := inprocchain.Wrap(bare, inprocchain.WithUnaryClientInterceptors(pass))
	if got := ch.InProcess(); got != bare {
		t.Errorf("InProcess() = %p, want the wrapped channel %p", got, bare)
	}
	for name, cc := range map[string]grpc.ClientConnInterface{
		"Channel":                        ch,
		"a layer above the Channel":      grpchan.InterceptClientConn(ch, pass, nil),
		"a layer above the bare channel": intercepted,
	} {
		if got, err := inprocchain.Unwrap(cc); err != nil || got != bare {
			t.Errorf("Unwrap(%s) = %p, %v; want %p", name, got, err, bare)
		}
	}
}

func TestBareChannelDoesNotRunServerInterceptors(t *testing.T) {
	t.Parallel()
	var audited []string
	audit := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		audited = append(audited, info.FullMethod)
		return handler(ctx, req)
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audit))
	network := connect.Network(t, chain, register)

	bare := &inprocgrpc.Channel{}
	grpchantesting.RegisterTestServiceServer(bare, &grpchantesting.TestServer{})
	for _, call := range []struct {
		name string
		cc   grpc.ClientConnInterface
		want int
	}{
		{"network", network, 1},
		{"bare channel", bare, 0},
		{"Channel", newChannel(t, chain), 1},
	} {
		audited = nil
		if _, err := grpchantesting.NewTestServiceClient(call.cc).Unary(t.Context(), &grpchantesting.Message{}); err != nil {
			t.Fatalf("%s: %v", call.name, err)
		}
		if len(audited) != call.want {
			t.Errorf("%s: audited %q, want %d", call.name, audited, call.want)
		}
	}
}

func TestBareChannelReplacesInterceptors(t *testing.T) {
	t.Parallel()
	var ran []string
	named := func(name string) grpc.UnaryServerInterceptor {
		return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			ran = append(ran, name)
			return handler(ctx, req)
		}
	}
	bare := (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(named("first")).WithServerUnaryInterceptor(named("second"))
	chained := inprocchain.New(
		inprocchain.WithUnaryServerInterceptors(named("first")),
		inprocchain.WithUnaryServerInterceptors(named("second")),
	)
	for _, ch := range []struct {
		cc interface {
			grpc.ClientConnInterface
			grpc.ServiceRegistrar
		}
		want string
	}{
		{bare, "[second]"},
		{chained, "[first second]"},
	} {
		grpchantesting.RegisterTestServiceServer(ch.cc, &grpchantesting.TestServer{})
		ran = nil
		if _, err := grpchantesting.NewTestServiceClient(ch.cc).Unary(t.Context(), &grpchantesting.Message{}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(ran); got != ch.want {
			t.Errorf("%T ran %s, want %s", ch.cc, got, ch.want)
		}
	}
}

func TestBareChannelPassesNilClientConnToInterceptors(t *testing.T) {
	t.Parallel()
	var target string
	readTarget := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		target = cc.Target()
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	bare := &inprocgrpc.Channel{}
	grpchantesting.RegisterTestServiceServer(bare, &grpchantesting.TestServer{})
	call := func(cc grpc.ClientConnInterface) (err error) {
		_, err = grpchantesting.NewTestServiceClient(cc).Unary(t.Context(), &grpchantesting.Message{})
		return err
	}
	if caught := catch(func() { _ = call(grpchan.InterceptClientConn(bare, readTarget, nil)) }); caught == nil {
		t.Error("a client interceptor on the bare channel receives a ClientConn")
	}
	if err := call(newChannel(t, inprocchain.WithUnaryClientInterceptors(readTarget))); err != nil || target == "" {
		t.Errorf("Channel: %v, target %q", err, target)
	}
}

func TestBareChannelIsNotAClientConn(t *testing.T) {
	t.Parallel()
	var bare grpc.ClientConnInterface = &inprocgrpc.Channel{}
	if _, ok := bare.(*grpc.ClientConn); ok {
		t.Error("the bare channel is a *grpc.ClientConn")
	}
	var cc *grpc.ClientConn = newChannel(t).ClientConn()
	if _, err := grpchantesting.NewTestServiceClient(cc).Unary(t.Context(), &grpchantesting.Message{}); err != nil {
		t.Errorf("an RPC on the ClientConn of a Channel: %v", err)
	}
}

func TestBareChannelPanicsForMalformedMethods(t *testing.T) {
	t.Parallel()
	network := connect.Network(t, inprocchain.Chain{}, register)
	channel := newChannel(t)
	for _, method := range []string{"", "/", "bad", "/bad"} {
		bare := &inprocgrpc.Channel{}
		if caught := catch(func() {
			_ = bare.Invoke(t.Context(), method, &grpchantesting.Message{}, &grpchantesting.Message{})
		}); caught == nil {
			t.Errorf("%q: the bare channel does not panic", method)
		}
		want := network.Invoke(t.Context(), method, &grpchantesting.Message{}, &grpchantesting.Message{})
		got := channel.Invoke(t.Context(), method, &grpchantesting.Message{}, &grpchantesting.Message{})
		if status.Code(got) != codes.Unimplemented || status.Code(want) != codes.Unimplemented {
			t.Errorf("%q: Channel: %v, network: %v, want Unimplemented", method, got, want)
		}
	}
}

func TestBareChannelReturnsErrorsOfHandlersUnchanged(t *testing.T) {
	t.Parallel()
	internal := errors.New("dial tcp 10.0.0.7:5432: connection refused")
	for _, returned := range []error{
		context.DeadlineExceeded,
		context.Canceled,
		internal,
		fmt.Errorf("storing the flag: %w", internal),
		fmt.Errorf("storing the flag: %w", context.DeadlineExceeded),
		fmt.Errorf("storing the flag: %w", status.Error(codes.NotFound, "no such flag")),
	} {
		fail := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
			return nil, returned
		}
		bare := (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(fail)
		grpchantesting.RegisterTestServiceServer(bare, &grpchantesting.TestServer{})
		chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(fail))
		network := connect.Network(t, chain, register)

		call := func(cc grpc.ClientConnInterface) error {
			_, err := grpchantesting.NewTestServiceClient(cc).Unary(t.Context(), &grpchantesting.Message{})
			return err
		}
		if got := call(bare); !errors.Is(got, returned) {
			t.Errorf("%v: on the bare channel the caller receives %v, want the error of the handler", returned, got)
		}
		want, got := call(network), call(newChannel(t, chain))
		if got == nil || got.Error() != want.Error() || status.Code(got) != status.Code(want) {
			t.Errorf("%v: on a Channel the caller receives %v, on a network %v", returned, got, want)
		}
		if errors.Is(got, internal) {
			t.Errorf("%v: on a Channel the caller receives the error of the handler", returned)
		}
	}
}

func newChannel(t *testing.T, opts ...inprocchain.Option) *inprocchain.Channel {
	t.Helper()
	return connect.InProcess(t, inprocchain.NewChain(opts...), register)
}

func register(services grpc.ServiceRegistrar) {
	grpchantesting.RegisterTestServiceServer(services, &grpchantesting.TestServer{})
}

// catch calls f and returns the value with which it panics, or nil.
func catch(f func()) (caught any) {
	defer func() { caught = recover() }()
	f()
	return nil
}
