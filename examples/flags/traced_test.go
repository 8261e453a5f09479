package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

func TestTracedPassesOnEveryTransport(t *testing.T) {
	t.Parallel()
	ta := startTestApp(t, sameChain)
	for _, client := range ta.clients {
		chaintest.Traced(t, ta.spans, func(ctx context.Context) error {
			return change(withToken(ctx, testToken), client)
		})
	}
}

func TestTracedReportsMissingSpans(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		transport transport
		chains    chainsFunc
		want      []string
	}{
		{"no stats handlers", transportInProcess, noStatsHandlersOnChannel, []string{
			"no span of an RPC",
			"is the server's stats handler on the channel, too?",
		}},
		{"no stats handlers, over REST", transportREST, noStatsHandlersOnChannel, []string{
			"no span of an RPC",
			"is the server's stats handler on the channel, too?",
		}},
		{"no server stats handler", transportInProcess, func(full inprocchain.Chain, telemetry *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain(interceptorsOf(full),
				inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(telemetry.options()...)))
		}, []string{
			"no server span for /flags.v1.Flags/Create, /flags.v1.Flags/Watch, /flags.v1.Flags/Delete",
			"is the server's stats handler on the channel, too?",
		}},
		{"no client stats handler", transportInProcess, func(full inprocchain.Chain, telemetry *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain(interceptorsOf(full),
				inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(telemetry.options()...)))
		}, []string{
			"no client span for /flags.v1.Flags/Create",
			"is the client's stats handler on the channel, too?",
		}},
		{"server stats handler registered twice", transportInProcess, func(full inprocchain.Chain, telemetry *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain(full,
				inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(telemetry.options()...)))
		}, []string{
			"more than one server span for /flags.v1.Flags/Create",
			"is its stats handler registered twice?",
		}},
		{"client stats handler registered twice", transportInProcess, func(full inprocchain.Chain, telemetry *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain(full,
				inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(telemetry.options()...)))
		}, []string{
			"more than one client span for /flags.v1.Flags/Create",
			"is its stats handler registered twice?",
		}},
		{"no propagation", transportInProcess, func(full inprocchain.Chain, telemetry *telemetry) (_, _ inprocchain.Chain) {
			nothing := otelgrpc.WithPropagators(propagation.NewCompositeTextMapPropagator())
			return full, inprocchain.NewChain(interceptorsOf(full),
				inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(append(telemetry.options(), nothing)...)),
				inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(telemetry.options()...)))
		}, []string{
			"the server span for /flags.v1.Flags/Create, /flags.v1.Flags/Watch, /flags.v1.Flags/Delete is not a child of its client span",
			"do both stats handlers have the same propagator",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ta := startTestApp(t, test.chains)
			client := ta.clients[slices.IndexFunc(ta.clients, func(c client) bool { return c.transport == test.transport })]
			recorded := &failures{TB: t}
			chaintest.Traced(recorded, ta.spans, func(ctx context.Context) error {
				return change(withToken(ctx, testToken), client)
			})
			for _, want := range test.want {
				if !strings.Contains(recorded.text.String(), want) {
					t.Errorf("Traced does not report %q; it reports:\n%s", want, &recorded.text)
				}
			}
		})
	}
}

// failures is a testing.TB that records failures instead of reporting them.
type failures struct {
	testing.TB
	text strings.Builder
}

func (f *failures) Errorf(format string, args ...any) { fmt.Fprintf(&f.text, format+"\n", args...) }
