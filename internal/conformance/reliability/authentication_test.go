package reliability_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// Every public way to reach a handler runs the server side of the chain, so an
// interceptor there cannot be bypassed.
func TestAuthenticationCannotBeBypassed(t *testing.T) {
	t.Parallel()
	for name, open := range connections {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var handled atomic.Int64
			cc := open(t, counting(&handled))
			for kind, call := range callsOfEachKind {
				if err := call(t.Context(), cc, unchanged); status.Code(err) != codes.Unauthenticated {
					t.Errorf("%s without a token: %v, want Unauthenticated", kind, err)
				}
				if err := call(t.Context(), cc, withoutSlash); err == nil {
					t.Errorf("%s without a token, of a method without its leading slash, succeeded", kind)
				}
			}
			if n := handled.Load(); n != 0 {
				t.Errorf("%d handlers ran for callers without a token", n)
			}
			withToken := metadata.AppendToOutgoingContext(t.Context(), "token", "good")
			for kind, call := range callsOfEachKind {
				if err := call(withToken, cc, unchanged); err != nil {
					t.Errorf("%s with a token: %v", kind, err)
				}
			}
			if n := handled.Load(); n != int64(len(callsOfEachKind)) {
				t.Errorf("%d handlers ran for callers with a token, want %d", n, len(callsOfEachKind))
			}
		})
	}
}

// connections has a function for every public way to obtain a connection to a service.
var connections = map[string]func(*testing.T, scripted) grpc.ClientConnInterface{
	"Channel":    onAuthenticated(func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch }),
	"InProcess":  onAuthenticated(func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.InProcess() }),
	"Unwrap":     onAuthenticated(func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.Unwrap() }),
	"ClientConn": onAuthenticated(func(ch *inprocchain.Channel) grpc.ClientConnInterface { return ch.ClientConn() }),
	"a layer above": onAuthenticated(func(ch *inprocchain.Channel) grpc.ClientConnInterface {
		return grpchan.InterceptClientConn(ch, passClient, nil)
	}),
	"a layer above, unwrapped": func(t *testing.T, s scripted) grpc.ClientConnInterface {
		below, err := inprocchain.Unwrap(grpchan.InterceptClientConn(s.onChannel(authenticated), passClient, nil))
		if err != nil {
			t.Fatal(err)
		}
		return below
	},
	"As": func(t *testing.T, s scripted) grpc.ClientConnInterface {
		below, ok := inprocchain.As[*inprocgrpc.Channel](s.onChannel(authenticated))
		if !ok {
			t.Fatal("As found no channel")
		}
		return below
	},
	"registered on InProcess": func(_ *testing.T, s scripted) grpc.ClientConnInterface {
		ch := inprocchain.New(authenticated)
		s.register(ch.InProcess())
		return ch
	},
	"registered by MultiRegistrar": func(_ *testing.T, s scripted) grpc.ClientConnInterface {
		ch := inprocchain.New(authenticated)
		s.register(inprocchain.MultiRegistrar(ch))
		return ch
	},
	"Wrap, after registration": func(_ *testing.T, s scripted) grpc.ClientConnInterface {
		return inprocchain.Wrap(s.onBareChannel(), authenticated)
	},
	"wrapped channel, after registration": func(_ *testing.T, s scripted) grpc.ClientConnInterface {
		bare := s.onBareChannel()
		inprocchain.Wrap(bare, authenticated)
		return bare
	},
	"Wrap, before registration": func(_ *testing.T, s scripted) grpc.ClientConnInterface {
		bare := new(inprocgrpc.Channel)
		ch := inprocchain.Wrap(bare, authenticated)
		s.register(bare)
		return ch
	},
	"wrapped channel, before registration": func(_ *testing.T, s scripted) grpc.ClientConnInterface {
		bare := new(inprocgrpc.Channel)
		inprocchain.Wrap(bare, authenticated)
		s.register(bare)
		return bare
	},
}

// onAuthenticated returns a function that serves on a Channel with authentication, and
// returns the result of get for it.
func onAuthenticated(get func(*inprocchain.Channel) grpc.ClientConnInterface) func(*testing.T, scripted) grpc.ClientConnInterface {
	return func(_ *testing.T, s scripted) grpc.ClientConnInterface { return get(s.onChannel(authenticated)) }
}

var authenticated = inprocchain.NewChain(
	inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if err := authenticate(ctx); err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}),
	inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		if err := authenticate(ss.Context()); err != nil {
			return err
		}
		return handler(srv, ss)
	}),
)

func authenticate(ctx context.Context) error {
	if tokens := metadata.ValueFromIncomingContext(ctx, "token"); len(tokens) != 1 || tokens[0] != "good" {
		return status.Error(codes.Unauthenticated, "no valid token")
	}
	return nil
}

// The bare channel accepts a method name without its leading slash, so the calls take a
// function that may change the name.
var callsOfEachKind = map[string]func(ctx context.Context, cc grpc.ClientConnInterface, rename func(string) string) error{
	"unary": func(ctx context.Context, cc grpc.ClientConnInterface, rename func(string) string) error {
		return cc.Invoke(ctx, rename(scriptedUnary), wrapperspb.Bytes([]byte("ping")), new(wrapperspb.BytesValue))
	},
	"bidi":          streamCall(scriptedBidi, grpc.StreamDesc{ClientStreams: true, ServerStreams: true}),
	"client stream": streamCall(scriptedClientStream, grpc.StreamDesc{ClientStreams: true}),
	"server stream": streamCall(scriptedServerStream, grpc.StreamDesc{ServerStreams: true}),
}

func unchanged(method string) string { return method }

func withoutSlash(method string) string { return method[1:] }

func streamCall(method string, desc grpc.StreamDesc) func(context.Context, grpc.ClientConnInterface, func(string) string) error {
	return func(ctx context.Context, cc grpc.ClientConnInterface, rename func(string) string) error {
		stream, err := cc.NewStream(ctx, &desc, rename(method))
		if err != nil {
			return err
		}
		_ = stream.SendMsg(wrapperspb.Bytes([]byte("ping"))) // RecvMsg reports the error.
		_ = stream.CloseSend()
		return stream.RecvMsg(new(wrapperspb.BytesValue))
	}
}
