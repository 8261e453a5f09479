package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// An application once wrote its audit log with a span processor. Twice, changes to
// how it set up its in-process channel lost the records of in-process requests.
// These tests write the log in the same way.

// spanAudit is a span processor that writes audit events to an audit log.
type spanAudit struct{ log *auditLog }

func (s spanAudit) OnEnd(span sdktrace.ReadOnlySpan) {
	for _, event := range span.Events() {
		if event.Name != auditEvent {
			continue
		}
		r := record{Time: event.Time}
		for _, attr := range event.Attributes {
			switch attr.Key {
			case "audit.transport":
				r.Transport = transport(attr.Value.AsString())
			case "audit.actor":
				r.Actor = attr.Value.AsString()
			case "audit.action":
				r.Action = attr.Value.AsString()
			case "audit.flag":
				r.Flag = attr.Value.AsString()
			}
		}
		if err := s.log.write(r); err != nil {
			panic(err) // writing to a buffer does not fail
		}
	}
}

func (spanAudit) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (spanAudit) ForceFlush(context.Context) error                { return nil }
func (spanAudit) Shutdown(context.Context) error                  { return nil }

// recordsOnSpans makes changes over each transport. It returns the records on
// spans and those that the interceptor wrote.
func recordsOnSpans(t *testing.T, chains chainsFunc) (onSpans, written map[transport][]string) {
	t.Helper()
	ta := startTestApp(t, chains)
	var log bytes.Buffer
	ta.telemetry.tracers.RegisterSpanProcessor(spanAudit{&auditLog{out: &log}})
	for _, client := range ta.clients {
		if err := change(withToken(t.Context(), testToken), client); err != nil {
			t.Fatal(err)
		}
	}
	ta.stop()
	onSpans, err := readRecords(&log)
	if err != nil {
		t.Fatal(err)
	}
	written, err = readRecords(&ta.audit)
	if err != nil {
		t.Fatal(err)
	}
	return onSpans, written
}

// change creates a flag, and then watches and deletes it.
func change(ctx context.Context, client client) error {
	if _, err := create(ctx, client); err != nil {
		return fmt.Errorf("create %s: %w", client.title, err)
	}
	if _, err := watchAndDelete(ctx, client); err != nil {
		return fmt.Errorf("watch and delete %s: %w", client.title, err)
	}
	return nil
}

func TestAuditRecordsOnSpansAreTheSameOnEveryTransport(t *testing.T) {
	t.Parallel()
	onSpans, written := recordsOnSpans(t, sameChain)
	if err := sameOnAll("audit records on spans", onSpans); err != nil {
		t.Error(err)
	}
	if want := []string{"alice Create dark-mode", "alice Delete dark-mode"}; !slices.Equal(onSpans[transportTCP], want) {
		t.Errorf("audit records on spans of requests over TCP: %q, want %q", onSpans[transportTCP], want)
	}
	if !maps.EqualFunc(onSpans, written, slices.Equal) {
		t.Errorf("records on spans are %q, the interceptor wrote %q", onSpans, written)
	}
}

func TestAuditRecordsOnSpansAreLostWithoutStatsHandlersOnTheChannel(t *testing.T) {
	t.Parallel()
	onSpans, written := recordsOnSpans(t, noStatsHandlersOnChannel)
	if len(onSpans[transportTCP]) != 2 || len(onSpans) != 1 {
		t.Errorf("records on spans are %q, want two records for TCP only", onSpans)
	}
	if err := sameOnAll("audit records", written); err != nil {
		t.Errorf("the interceptor should need no span: %v", err)
	}
}

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
			"no server span for /flags.v1.Flags/Create",
			"no server span for /flags.v1.Flags/Watch",
			"no server span for /flags.v1.Flags/Delete",
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
			"two client spans for /flags.v1.Flags/Create",
			"is its stats handler registered twice?",
		}},
		{"no propagation", transportInProcess, func(full inprocchain.Chain, telemetry *telemetry) (_, _ inprocchain.Chain) {
			nothing := otelgrpc.WithPropagators(propagation.NewCompositeTextMapPropagator())
			return full, inprocchain.NewChain(interceptorsOf(full),
				inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(append(telemetry.options(), nothing)...)),
				inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(telemetry.options()...)))
		}, []string{
			"the server span for /flags.v1.Flags/Create is not a child of its client span",
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
