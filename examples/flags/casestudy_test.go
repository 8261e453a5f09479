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

// An application once kept its audit log by a span processor, and lost it twice
// for requests that came in-process, when the channel's wiring changed. These
// tests keep the log that way.

// spanAudit is a span processor that writes audit events to a log.
type spanAudit struct{ log *auditLog }

func (s spanAudit) OnEnd(span sdktrace.ReadOnlySpan) {
	for _, event := range span.Events() {
		if event.Name != auditEvent {
			continue
		}
		made := record{Time: event.Time}
		for _, attr := range event.Attributes {
			switch attr.Key {
			case "audit.via":
				made.Via = via(attr.Value.AsString())
			case "audit.actor":
				made.Actor = attr.Value.AsString()
			case "audit.action":
				made.Action = attr.Value.AsString()
			case "audit.flag":
				made.Flag = attr.Value.AsString()
			}
		}
		if err := s.log.write(made); err != nil {
			panic(err) // a buffer's never is one
		}
	}
}

func (spanAudit) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (spanAudit) ForceFlush(context.Context) error                { return nil }
func (spanAudit) Shutdown(context.Context) error                  { return nil }

// recordsOnSpans makes a change each way and returns what spans told of it, and
// what the interceptor wrote.
func recordsOnSpans(t *testing.T, chains chains) (onSpans, written map[via][]string) {
	t.Helper()
	r := newRig(t, chains)
	var log bytes.Buffer
	r.observed.tracers.RegisterSpanProcessor(spanAudit{&auditLog{out: &log}})
	for _, way := range r.ways {
		if err := change(withToken(t.Context(), testToken), way); err != nil {
			t.Fatal(err)
		}
	}
	r.stop()
	onSpans, err := readRecords(&log)
	if err != nil {
		t.Fatal(err)
	}
	written, err = readRecords(&r.audit)
	if err != nil {
		t.Fatal(err)
	}
	return onSpans, written
}

// change creates a flag and deletes it, with a watch meanwhile.
func change(ctx context.Context, way way) error {
	if _, err := create(ctx, way.client); err != nil {
		return fmt.Errorf("create by way of %s: %w", way.via, err)
	}
	if _, err := watchAndDelete(ctx, way.client); err != nil {
		return fmt.Errorf("watch and delete by way of %s: %w", way.via, err)
	}
	return nil
}

func TestAuditRecordsOnSpansAreTheSameEachWay(t *testing.T) {
	t.Parallel()
	onSpans, written := recordsOnSpans(t, one)
	if err := same("audit records on spans", onSpans); err != nil {
		t.Error(err)
	}
	if want := []string{"alice Create dark-mode", "alice Delete dark-mode"}; !slices.Equal(onSpans[viaNetwork], want) {
		t.Errorf("audit records on spans of the network: %q, want %q", onSpans[viaNetwork], want)
	}
	if !maps.EqualFunc(onSpans, written, slices.Equal) {
		t.Errorf("spans have %q, the interceptor wrote %q", onSpans, written)
	}
}

func TestAuditRecordsOnSpansAreLostWithoutTheChannelsStatsHandlers(t *testing.T) {
	t.Parallel()
	onSpans, written := recordsOnSpans(t, offChannel)
	if len(onSpans[viaNetwork]) != 2 || len(onSpans) != 1 {
		t.Errorf("spans have %q, want two records of the network alone", onSpans)
	}
	if err := same("audit records", written); err != nil {
		t.Errorf("the interceptor needs no span: %v", err)
	}
}

func TestTracedPassesEachWay(t *testing.T) {
	t.Parallel()
	r := newRig(t, one)
	for _, way := range r.ways {
		chaintest.Traced(t, r.spans, func(ctx context.Context) error {
			return change(withToken(ctx, testToken), way)
		})
	}
}

func TestTracedTellsWhatTheChannelLacks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		via    via
		chains chains
		want   []string
	}{
		{"stats handlers taken off", viaInProcess, offChannel, []string{
			"no span of an RPC",
			"is the server's stats handler on the channel, too?",
		}},
		{"stats handlers taken off below REST", viaHTTP, offChannel, []string{
			"no span of an RPC",
			"is the server's stats handler on the channel, too?",
		}},
		{"server's stats handler taken off", viaInProcess, func(full inprocchain.Chain, observed *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain(interceptorsOf(full),
				inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(observed.options()...)))
		}, []string{
			"no server span for /flags.v1.Flags/Create",
			"no server span for /flags.v1.Flags/Watch",
			"no server span for /flags.v1.Flags/Delete",
			"is the server's stats handler on the channel, too?",
		}},
		{"client's stats handler taken off", viaInProcess, func(full inprocchain.Chain, observed *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain(interceptorsOf(full),
				inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(observed.options()...)))
		}, []string{
			"no client span for /flags.v1.Flags/Create",
			"is the client's stats handler on the channel, too?",
		}},
		{"server's stats handler registered twice", viaInProcess, func(full inprocchain.Chain, observed *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain(full,
				inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(observed.options()...)))
		}, []string{
			"more than one server span for /flags.v1.Flags/Create",
			"is its stats handler registered twice?",
		}},
		{"client's stats handler registered twice", viaInProcess, func(full inprocchain.Chain, observed *telemetry) (_, _ inprocchain.Chain) {
			return full, inprocchain.NewChain(full,
				inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(observed.options()...)))
		}, []string{
			"two client spans for /flags.v1.Flags/Create",
			"is its stats handler registered twice?",
		}},
		{"propagation lost", viaInProcess, func(full inprocchain.Chain, observed *telemetry) (_, _ inprocchain.Chain) {
			nothing := otelgrpc.WithPropagators(propagation.NewCompositeTextMapPropagator())
			return full, inprocchain.NewChain(interceptorsOf(full),
				inprocchain.WithClientStatsHandlers(otelgrpc.NewClientHandler(append(observed.options(), nothing)...)),
				inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(observed.options()...)))
		}, []string{
			"the server span for /flags.v1.Flags/Create is no child of its client span",
			"have both stats handlers the same propagator",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, test.chains)
			way := r.ways[slices.IndexFunc(r.ways, func(w way) bool { return w.via == test.via })]
			recorded := &failures{TB: t}
			chaintest.Traced(recorded, r.spans, func(ctx context.Context) error {
				return change(withToken(ctx, testToken), way)
			})
			for _, want := range test.want {
				if !strings.Contains(recorded.text.String(), want) {
					t.Errorf("Traced does not tell %q; it says:\n%s", want, &recorded.text)
				}
			}
		})
	}
}

// offChannel takes the stats handlers off the channel and keeps the rest.
func offChannel(full inprocchain.Chain, _ *telemetry) (network, inproc inprocchain.Chain) {
	return full, interceptorsOf(full)
}

// failures is a test whose failures are kept instead of reported.
type failures struct {
	testing.TB
	text strings.Builder
}

func (f *failures) Errorf(format string, args ...any) { fmt.Fprintf(&f.text, format+"\n", args...) }
