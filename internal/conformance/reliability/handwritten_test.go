package reliability_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A generated handler decodes once, calls the interceptor, and returns its result. A
// handwritten handler may do something else.

type (
	decoder            = func(any) error
	handwrittenHandler = func(ctx context.Context, dec decoder, interceptor grpc.UnaryServerInterceptor) (any, error)
)

var handwrittenHandlers = map[string]handwrittenHandler{
	"returns the request": func(_ context.Context, dec decoder, _ grpc.UnaryServerInterceptor) (any, error) {
		in := new(wrapperspb.StringValue)
		return in, dec(in)
	},
	"returns nil": func(context.Context, decoder, grpc.UnaryServerInterceptor) (any, error) { return nil, nil },
	"fails":       func(context.Context, decoder, grpc.UnaryServerInterceptor) (any, error) { return nil, errPlain },
	"times out": func(context.Context, decoder, grpc.UnaryServerInterceptor) (any, error) {
		return nil, context.DeadlineExceeded
	},
	"cannot decode": func(_ context.Context, dec decoder, _ grpc.UnaryServerInterceptor) (any, error) {
		return nil, dec("a string")
	},
	"ignores a decoding error": func(_ context.Context, dec decoder, _ grpc.UnaryServerInterceptor) (any, error) {
		_ = dec("a string")
		return wrapperspb.String("response"), nil
	},
	"decodes twice": func(_ context.Context, dec decoder, _ grpc.UnaryServerInterceptor) (any, error) {
		first, second := new(wrapperspb.StringValue), new(wrapperspb.StringValue)
		return wrapperspb.String(fmt.Sprint(dec(first), first.Value, dec(second), second.Value)), nil
	},
	"changes the response": func(ctx context.Context, _ decoder, interceptor grpc.UnaryServerInterceptor) (any, error) {
		resp, err := callInterceptor(ctx, interceptor, wrapperspb.String("response"), nil)
		return wrapperspb.String(resp.(*wrapperspb.StringValue).Value + ", changed"), err
	},
	"reads the error": func(ctx context.Context, _ decoder, interceptor grpc.UnaryServerInterceptor) (any, error) {
		_, err := callInterceptor(ctx, interceptor, nil, errPlain)
		return wrapperspb.String(fmt.Sprint(err == errPlain)), nil
	},
	"fails after a successful interceptor": func(ctx context.Context, _ decoder, interceptor grpc.UnaryServerInterceptor) (any, error) {
		_, _ = callInterceptor(ctx, interceptor, wrapperspb.String("response"), nil)
		return nil, errPlain
	},
	"calls the interceptor twice": func(ctx context.Context, _ decoder, interceptor grpc.UnaryServerInterceptor) (any, error) {
		_, _ = callInterceptor(ctx, interceptor, nil, errPlain)
		resp, err := callInterceptor(ctx, interceptor, (*wrapperspb.StringValue)(nil), nil)
		return wrapperspb.String(fmt.Sprintf("%T %v", resp, err)), nil
	},
}

var errPlain = errors.New("plain")

// callInterceptor calls the interceptor, if there is one, with a handler that returns resp
// and err.
func callInterceptor(ctx context.Context, interceptor grpc.UnaryServerInterceptor, resp any, err error) (any, error) {
	if interceptor == nil {
		return resp, err
	}
	info := &grpc.UnaryServerInfo{FullMethod: handwrittenUnary}
	return interceptor(ctx, new(wrapperspb.StringValue), info, func(context.Context, any) (any, error) { return resp, err })
}

func TestHandwrittenHandlersAreServedAsOnANetwork(t *testing.T) {
	t.Parallel()
	for name, handler := range handwrittenHandlers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := make(requestSent, 1)
			chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(testservice.At[*stats.OutPayload](func() { sent <- struct{}{} })))
			chaintest.Compare(t, chain, func(r grpc.ServiceRegistrar) {
				r.RegisterService(handwritten(sent.before(handler)), struct{}{})
			}, func(ctx context.Context, cc grpc.ClientConnInterface) error {
				_ = callHandwritten(ctx, cc) // Compare compares the error.
				return nil
			})

			var want error // without stats handlers
			for _, w := range connect.All(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) { r.RegisterService(handwritten(handler), struct{}{}) }) {
				err := callHandwritten(t.Context(), w.Conn)
				if want == nil {
					want = err
				}
				if err.Error() != want.Error() {
					t.Errorf("%s: %v; want %v", w.Name, err, want)
				}
			}
		})
	}
}

// A requestSent receives once for each request that a client has sent. On a network a handler
// that does not decode may answer before that, and then the client's stats end without the error
// of the RPC.
type requestSent chan struct{}

// before returns a handler that runs once its request has been sent.
func (s requestSent) before(handler handwrittenHandler) handwrittenHandler {
	return func(ctx context.Context, dec decoder, interceptor grpc.UnaryServerInterceptor) (any, error) {
		select {
		case <-s:
		case <-ctx.Done():
		}
		return handler(ctx, dec, interceptor)
	}
}

func TestServiceNameMayContainSlash(t *testing.T) {
	t.Parallel()
	desc := testservice.Desc()
	desc.ServiceName = "scripted/Service"
	for _, w := range connect.All(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) { r.RegisterService(desc, scripted{}.service()) }) {
		for _, method := range []string{"/scripted/Service/Unary", "/scripted/Service/Bidi"} {
			if _, err := ask(t.Context(), w.Conn, method); err != nil {
				t.Errorf("%s: %s: %v", w.Name, method, err)
			}
		}
	}
}

func TestShutdownRefusesHandwrittenHandlers(t *testing.T) {
	t.Parallel()
	called := false
	ch := inprocchain.New()
	ch.RegisterService(handwritten(func(context.Context, decoder, grpc.UnaryServerInterceptor) (any, error) {
		called = true
		return nil, nil
	}), struct{}{})
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := callHandwritten(t.Context(), ch); called || status.Code(err) != codes.Unavailable {
		t.Errorf("after Shutdown: the handler was called: %v; the error is %v, want Unavailable", called, err)
	}
}

func TestSettingMetadataWithForeignContextFails(t *testing.T) {
	t.Parallel()
	handler := func(ctx context.Context, _ decoder, interceptor grpc.UnaryServerInterceptor) (any, error) {
		return interceptor(context.Background(), nil, &grpc.UnaryServerInfo{}, func(ctx context.Context, _ any) (any, error) {
			return nil, grpc.SetHeader(ctx, metadata.Pairs("key", "value"))
		})
	}
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler()),
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		}),
	)
	below := inprocchain.New(chain)
	below.InProcess().RegisterService(handwritten(handler), struct{}{})
	conns := connect.All(t, chain, func(r grpc.ServiceRegistrar) { r.RegisterService(handwritten(handler), struct{}{}) })
	for _, w := range append(conns, connect.Connection{Name: "registered below", Conn: below}) {
		if err := callHandwritten(t.Context(), w.Conn); status.Code(err) != codes.Internal {
			t.Errorf("%s: %v; want Internal", w.Name, err)
		}
	}
}

const handwrittenUnary = "/handwritten.Service/Unary"

func handwritten(handler handwrittenHandler) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "handwritten.Service",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "Unary",
			Handler: func(_ any, ctx context.Context, dec decoder, interceptor grpc.UnaryServerInterceptor) (any, error) {
				return handler(ctx, dec, interceptor)
			},
		}},
	}
}

// callHandwritten makes an RPC and returns its error, or an error that contains the
// response.
func callHandwritten(ctx context.Context, cc grpc.ClientConnInterface) error {
	reply := wrapperspb.String("before")
	if err := cc.Invoke(ctx, handwrittenUnary, wrapperspb.String("hello"), reply); err != nil {
		return err
	}
	return fmt.Errorf("responded %q", reply.Value)
}
