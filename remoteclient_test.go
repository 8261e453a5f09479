package inprocchain_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// An interceptor that gets a token from another service reaches it by its cc, whichever of the
// two services has moved, and in whatever way.
func TestConnOfAClientInterceptorReachesEveryService(t *testing.T) {
	t.Parallel()
	getToken := func(ctx context.Context, method string, cc *grpc.ClientConn) error {
		if method != textUnary && method != textStream {
			return nil
		}
		if err := calls["unary"](ctx, testClient(cc)); err != nil {
			return fmt.Errorf("the token: %w", err)
		}
		return nil
	}
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if err := getToken(ctx, method, cc); err != nil {
				return err
			}
			return invoker(ctx, method, req, reply, cc, opts...)
		}),
		inprocchain.WithStreamClientInterceptors(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			if err := getToken(ctx, method, cc); err != nil {
				return nil, err
			}
			return streamer(ctx, desc, cc, method, opts...)
		}),
	)
	authServer := grpc.NewServer()
	grpchantesting.RegisterTestServiceServer(authServer, &grpchantesting.TestServer{})
	toText := newTextTarget(t, textService{}).option([]string{"test.Service"})
	toAuth := serveTarget(t, authServer).option([]string{"grpchantesting.TestService"})
	toTextConn := inprocchain.WithRemote(textService{}.onNetwork(t))
	for place, ch := range map[string]*inprocchain.Channel{
		"the service is at a target":       newChannel(chain, toText),
		"the service is at a connection":   newChannel(chain, toTextConn),
		"the token service is at a target": textService{}.onChannel(chain, toAuth),
		"both are at targets":              inprocchain.New(chain, toText, toAuth),
		"both are remote":                  inprocchain.New(chain, toTextConn, toAuth),
	} {
		for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "ClientConn": ch.ClientConn(), "NewClient": ch.NewClient(chain)} {
			for kind, call := range textCalls {
				if got, err := call(t.Context(), cc, "hello"); got != "hello" || err != nil {
					t.Errorf("%s, %s, %s: got %q, %v", place, name, kind, got, err)
				}
			}
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// clientSideNamed returns a chain whose interceptors and stats handler record a name, and whose
// credentials are that name.
func (o *order) clientSideNamed(name string) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(o.unaryClient(name+" interceptor")),
		inprocchain.WithStreamClientInterceptors(o.streamClient(name+" interceptor")),
		inprocchain.WithClientStatsHandlers(beginRecorder{order: o, name: name + " stats"}),
		inprocchain.WithUserAgent(name),
		inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(token(name))),
	)
}

// The credentials of a client take precedence over the default call options with which a
// connection was dialed, so that no client is served as another one.
func TestClientSideOfAConnectionRunsBehindTheClients(t *testing.T) {
	t.Parallel()
	var o order
	admin := o.clientSideNamed("admin").DialOptions()
	target := newTextTarget(t, identityService)
	for name, test := range map[string]struct {
		option    inprocchain.Option
		wantAgent string
		wantRan   []string
	}{
		"WithRemote": {
			inprocchain.WithRemote(identityService.onNetwork(t, admin...)), "admin",
			[]string{"billing interceptor", "admin interceptor", "admin stats"},
		},
		"WithRemoteTarget": { // Its options come after those of the client.
			target.option(nil, admin...), "admin",
			[]string{"billing interceptor", "admin interceptor", "billing stats", "admin stats"},
		},
		"WithRemoteTarget with transport credentials only": {
			target.option(nil), "billing", []string{"billing interceptor", "billing stats"},
		},
	} {
		ch := inprocchain.New(test.option)
		billing := ch.NewClient(o.clientSideNamed("billing"))
		for client, cc := range map[string]grpc.ClientConnInterface{"Client": billing, "ClientConn": billing.ClientConn()} {
			for kind, call := range textCalls {
				who, err := call(t.Context(), cc, "")
				if want := fmt.Sprintf("agent %s, token billing", test.wantAgent); who != want || err != nil {
					t.Errorf("%s, %s, %s: the handler saw %q, %v, want %q", name, client, kind, who, err, want)
				}
				if ran := o.take(); !slices.Equal(ran, test.wantRan) {
					t.Errorf("%s, %s, %s: ran %q, want %q", name, client, kind, ran, test.wantRan)
				}
			}
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
