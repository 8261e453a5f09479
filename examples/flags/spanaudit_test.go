package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
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
	onSpans, err := readRecords(inOrder(t, &log))
	if err != nil {
		t.Fatal(err)
	}
	written, err = readRecords(&ta.audit)
	if err != nil {
		t.Fatal(err)
	}
	return onSpans, written
}

// inOrder returns the log in the order in which its records were made. Over TCP, the span of an
// RPC may end after that of the next one.
func inOrder(t *testing.T, log io.Reader) io.Reader {
	t.Helper()
	var records []record
	for lines := json.NewDecoder(log); ; {
		var next record
		if err := lines.Decode(&next); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		records = append(records, next)
	}
	slices.SortStableFunc(records, func(a, b record) int { return a.Time.Compare(b.Time) })
	sorted := new(bytes.Buffer)
	for _, next := range records {
		if err := (&auditLog{out: sorted}).write(next); err != nil {
			t.Fatal(err)
		}
	}
	return sorted
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
