package telemetry_test

import (
	"context"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/baggage"
	interoppb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// The context of a trace reaches a handler only in the metadata, by a propagator on each side.
func TestServerSpansAreChildrenOfClientSpans(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		chain   func(*observer) inprocchain.Chain
		shape   string
		baggage string
		// traced is set if the handler is in the caller's trace.
		traced bool
	}{
		"handlers on both sides": {
			chain:   (*observer).chain,
			shape:   "caller(client OK(server OK(handle)))",
			baggage: "tenant=blue",
			traced:  true,
		},
		"a handler only on the client": {chain: onClient, shape: "caller(client OK)"},
		"a handler only on the server": {chain: onServer, shape: "caller server OK(handle)"},
		"no handler":                   {chain: onNeither, shape: "caller"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			observer, service := newObserver(), newService()
			for _, conn := range connect.All(t, test.chain(observer), service.register) {
				observer.spans.Reset()
				ctx, caller := observer.tracers.Tracer("caller").Start(withBaggage(t), "caller")
				resp, err := service.client(conn.Conn).UnaryCall(ctx, &interoppb.SimpleRequest{})
				caller.End()
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(test.shape, "server") {
					observer.serverEnds.await(t)
				}
				if got := shapeOf(t, observer.endedSpans()); got != test.shape {
					t.Errorf("%s: got %s, want %s", conn.Name, got, test.shape)
				}
				if got := resp.GetUsername(); got != test.baggage {
					t.Errorf("%s: the handler has baggage %q, want %q", conn.Name, got, test.baggage)
				}
				if got := resp.GetOauthScope() == caller.SpanContext().TraceID().String(); got != test.traced {
					t.Errorf("%s: the handler is in the caller's trace: %v, want %v", conn.Name, got, test.traced)
				}
			}
		})
	}
}

func onClient(o *observer) inprocchain.Chain {
	return inprocchain.NewChain(inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(o.options()...), o.clientEnds))
}

func onServer(o *observer) inprocchain.Chain {
	return inprocchain.NewChain(inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(o.options()...), o.serverEnds))
}

func onNeither(*observer) inprocchain.Chain { return inprocchain.NewChain() }

func withBaggage(t *testing.T) context.Context {
	t.Helper()
	tenant, err := baggage.NewMember("tenant", "blue")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(tenant)
	if err != nil {
		t.Fatal(err)
	}
	return baggage.ContextWithBaggage(t.Context(), bag)
}
