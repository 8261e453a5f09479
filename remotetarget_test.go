package inprocchain_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

func testClient(cc grpc.ClientConnInterface) grpchantesting.TestServiceClient {
	return grpchantesting.NewTestServiceClient(cc)
}

// identity is a handler that returns what tells callers apart.
func identity(ctx context.Context, _ string) (string, error) {
	agent, _, _ := strings.Cut(strings.Join(metadata.ValueFromIncomingContext(ctx, "user-agent"), ","), " ")
	token, err := incomingToken(ctx, "")
	return fmt.Sprintf("agent %s, token %s", agent, token), err
}

var identityService = textService{unary: identity, stream: func(ss grpc.ServerStream) error {
	who, err := identity(ss.Context(), "")
	return errors.Join(err, ss.SendMsg(text(who)))
}}

// A client has the same interceptors, stats handlers and credentials wherever the service is.
func TestClientsKeepTheirSideWhenAServiceHasMoved(t *testing.T) {
	t.Parallel()
	remote := newTextTarget(t, identityService)
	var o order
	clientSideOf := o.clientSideNamed
	for place, ch := range map[string]*inprocchain.Channel{
		"here":                   identityService.onChannel(clientSideOf("admin")),
		"at a target":            inprocchain.New(clientSideOf("admin"), remote.option([]string{"test.Service"})),
		"at a target of all":     inprocchain.New(clientSideOf("admin"), remote.option(nil)),
		"at the last of targets": inprocchain.New(clientSideOf("admin"), newTextTarget(t, textService{}).option(nil), remote.option(nil)),
		"at a named target":      inprocchain.New(clientSideOf("admin"), remote.option([]string{"test.Service"}), newTextTarget(t, textService{}).option(nil)),
	} {
		billing, plain := ch.NewClient(clientSideOf("billing")), ch.NewClient()
		for _, client := range []struct {
			name string
			cc   grpc.ClientConnInterface
		}{
			{"admin", ch}, {"admin", ch.ClientConn()}, {"billing", billing}, {"billing", billing.ClientConn()}, {"grpc-go", plain},
		} {
			for kind, call := range textCalls {
				who, err := call(t.Context(), client.cc, "")
				want, wantRan := fmt.Sprintf("agent %s, token %[1]s", client.name), []string{client.name + " interceptor", client.name + " stats"}
				if client.name == "grpc-go" {
					want, wantRan = "agent grpc-go/"+grpc.Version+", token ", nil
				}
				if who != want || err != nil {
					t.Errorf("%s, %s of %s: the handler saw %q, %v, want %q", place, kind, client.name, who, err, want)
				}
				if ran := o.take(); !slices.Equal(ran, wantRan) {
					t.Errorf("%s, %s of %s: ran %q, want %q", place, kind, client.name, ran, wantRan)
				}
			}
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// tokenOf are credentials that get their token from a service.
type tokenOf struct{ cc grpc.ClientConnInterface }

func (c *tokenOf) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	return map[string]string{"authorization": "fetched"}, calls["unary"](ctx, testClient(c.cc))
}

func (*tokenOf) RequireTransportSecurity() bool { return false }

// The credentials call the Channel with the context of an RPC that the Channel has sent to a
// remote service. That is no cycle.
func TestCredentialsOfARemoteMayCallAnotherRemoteService(t *testing.T) {
	t.Parallel()
	authServer := grpc.NewServer()
	grpchantesting.RegisterTestServiceServer(authServer, &grpchantesting.TestServer{})
	creds := new(tokenOf)
	ch := inprocchain.New(
		newTextTarget(t, identityService).option([]string{"test.Service"}, grpc.WithPerRPCCredentials(creds)),
		serveTarget(t, authServer).option([]string{"grpchantesting.TestService"}),
	)
	creds.cc = ch
	for kind, call := range textCalls {
		if who, err := call(t.Context(), ch, ""); !strings.HasSuffix(who, "token fetched") || err != nil {
			t.Errorf("%s: the handler saw %q, %v", kind, who, err)
		}
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestConnectionsToTargetsAreClosed(t *testing.T) {
	t.Parallel()
	for name, close := range map[string]func(*inprocchain.Channel, *inprocchain.Client) error{
		"Client.Close":     func(_ *inprocchain.Channel, client *inprocchain.Client) error { return client.Close() },
		"Channel.Shutdown": func(ch *inprocchain.Channel, _ *inprocchain.Client) error { return ch.Shutdown(t.Context()) },
		"Channel.Close":    func(ch *inprocchain.Channel, _ *inprocchain.Client) error { return ch.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			remote, other := newTextTarget(t, textService{}), newTextTarget(t, textService{})
			ch := inprocchain.New(remote.option([]string{"test.Service"}))
			client := ch.NewClient()
			for _, cc := range []grpc.ClientConnInterface{client, client.ClientConn(), client} {
				if _, err := callText(t.Context(), cc, ""); err != nil {
					t.Fatal(err)
				}
			}
			if len(remote.closed) > 0 {
				t.Error("a connection was closed before")
			}
			if err := close(ch, client); err != nil {
				t.Error(err)
			}
			<-remote.closed // One connection served all RPCs.
			if n := len(remote.closed) + len(other.closed); n != 0 {
				t.Errorf("%d more connections were closed", n)
			}
			if name == "Client.Close" {
				if _, err := callText(t.Context(), ch, ""); err != nil {
					t.Errorf("the Channel's own RPC after Client.Close: %v", err)
				}
				if err := ch.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				<-remote.closed
			}
		})
	}
}

// This test is not parallel, since it counts the goroutines of the process.
func TestTargetsAreDialedAtTheFirstRPC(t *testing.T) {
	before := countClientConns()
	remote := newTextTarget(t, textService{})
	ch := newChannel(remote.option([]string{"test.Service"}))
	for range 100 {
		client := ch.NewClient()
		if err := calls["unary"](t.Context(), testClient(client)); err != nil {
			t.Fatal(err)
		}
	}
	if more := moreClientConns(before); more > 0 {
		t.Errorf("100 clients that have called no remote service have goroutines of %d ClientConns, want none", more)
	}
	if _, err := callText(t.Context(), ch, ""); err != nil {
		t.Fatal(err)
	}
	if moreClientConns(before) == 0 {
		t.Error("countClientConns does not count the connection to a target")
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTargetsWorkInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		remote := newTextTarget(t, slowService)
		ch := inprocchain.New(remote.option(nil), inprocchain.WithUnaryClientInterceptors(passClient))
		client := ch.NewClient()
		for _, cc := range []grpc.ClientConnInterface{ch, client, client.ClientConn()} {
			endAtDeadlines(t, ch, cc)
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// endedSpans receives the spans that have ended. A network server ends its span after its
// client has the response.
type endedSpans chan sdktrace.ReadOnlySpan

func (endedSpans) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (s endedSpans) OnEnd(span sdktrace.ReadOnlySpan)              { s <- span }
func (endedSpans) Shutdown(context.Context) error                  { return nil }
func (endedSpans) ForceFlush(context.Context) error                { return nil }

func TestATraceStaysOneTraceWhenAServiceHasMoved(t *testing.T) {
	t.Parallel()
	spans := make(endedSpans, 100)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	options := []otelgrpc.Option{otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagation.TraceContext{})}
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(options...)),
		inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(options...)),
	)
	remote := newTextTarget(t, textService{}, chain.ServerOptions()...)
	for place, ch := range map[string]*inprocchain.Channel{
		"here":     textService{}.onChannel(chain),
		"a target": inprocchain.New(chain, remote.option([]string{"test.Service"})),
	} {
		for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "NewClient": ch.NewClient(chain)} {
			for kind, call := range textCalls {
				if _, err := call(t.Context(), cc, ""); err != nil {
					t.Errorf("%s, %s, %s: %v", place, name, kind, err)
				}
				client, server := <-spans, <-spans
				if client.SpanKind() != trace.SpanKindClient {
					client, server = server, client
				}
				if client.SpanKind() != trace.SpanKindClient || server.SpanKind() != trace.SpanKindServer || server.Parent().SpanID() != client.SpanContext().SpanID() {
					t.Errorf("%s, %s, %s: the %v span is not the parent of the %v span", place, name, kind, client.SpanKind(), server.SpanKind())
				}
			}
		}
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if len(spans) != 0 {
			t.Errorf("%s: there are %d more spans", place, len(spans))
		}
	}
}

func TestRPCsToATargetThatIsGoneFailAsOnANetwork(t *testing.T) {
	t.Parallel()
	refuse := grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return nil, errors.New("refused") })
	network, err := grpc.NewClient("passthrough:///bufconn", insecureDial, refuse)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = network.Close() }()
	ch := inprocchain.New(inprocchain.WithRemoteTarget("passthrough:///bufconn", nil, insecureDial, refuse))
	defer func() { _ = ch.Close() }()
	for kind, call := range textCalls {
		_, want := call(t.Context(), network, "")
		if _, got := call(t.Context(), ch, ""); status.Code(got) != codes.Unavailable || got.Error() != want.Error() {
			t.Errorf("%s: got\n%v, want\n%v", kind, got, want)
		}
	}
}
