package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// The application of the case study writes its audit log with a span processor, from the
// events that an interceptor adds to the span of an RPC. Its database makes spans, too.
// In these tests the flags application does the same.

// A fault is a mistake in the wiring of the application.
type fault struct {
	name        string
	chain       func(parts) inprocchain.Chain
	noProcessor bool // whether the span processor of the audit log is missing

	// What a function reports if the server and the channel have the fault, or "" if it
	// must report nothing.
	traced, conns, connsWithSpans, connsWithSideEffects, refused string
}

const (
	noServerSpan = "no server span for /flags.v1.Flags/Create, /flags.v1.Flags/Watch, /flags.v1.Flags/Delete"
	serverTwice  = "more than one server span for /flags.v1.Flags/Create, /flags.v1.Flags/Watch, /flags.v1.Flags/Delete"
	noRecords    = "no side effects on either connection"
)

var faults = []fault{
	{
		name:  "none",
		chain: func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.authenticate(), p.auditing()) },
	},
	{
		name:                 "no audit interceptor",
		chain:                func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.authenticate()) },
		connsWithSideEffects: noRecords,
	},
	{
		name: "tracing inside of the audit interceptor", // as in 1.55.0
		chain: func(p parts) inprocchain.Chain {
			return p.chain(inprocchain.WithClientStatsHandlers(p.clientHandler()), p.authenticate(), p.auditing(), p.tracingInterceptors())
		},
		connsWithSideEffects: noRecords,
	},
	{
		name: "no server stats handler", // as in 1.61.1
		chain: func(p parts) inprocchain.Chain {
			return p.chain(inprocchain.WithClientStatsHandlers(p.clientHandler()), p.authenticate(), p.auditing())
		},
		traced:               noServerSpan,
		connsWithSpans:       "on both connections, " + noServerSpan,
		connsWithSideEffects: noRecords,
	},
	{
		name: "no client stats handler",
		chain: func(p parts) inprocchain.Chain {
			return p.chain(inprocchain.WithServerStatsHandlers(p.serverHandler()), p.authenticate(), p.auditing())
		},
		traced: "no client span for /flags.v1.Flags/Create, /flags.v1.Flags/Watch, /flags.v1.Flags/Delete",
	},
	{
		name:                 "no stats handlers",
		chain:                func(p parts) inprocchain.Chain { return p.chain(p.authenticate(), p.auditing()) },
		traced:               "no span of an RPC",
		connsWithSpans:       "on both connections, no span of an RPC",
		connsWithSideEffects: noRecords,
	},
	{
		name: "server stats handler twice", // as on the way to Flipt 2
		chain: func(p parts) inprocchain.Chain {
			return p.chain(p.tracing(), inprocchain.WithServerStatsHandlers(p.serverHandler()), p.authenticate(), p.auditing())
		},
		traced:         serverTwice,
		connsWithSpans: "on both connections, " + serverTwice,
	},
	{
		name:                 "no span processor for the audit log",
		chain:                func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.authenticate(), p.auditing()) },
		noProcessor:          true,
		connsWithSideEffects: noRecords,
	},
	{
		name:    "no authentication",
		chain:   func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.auditing()) },
		refused: "calls returned no error, but it is meant to fail with Unauthenticated",
	},
	{
		name:  "audit interceptor before authentication",
		chain: func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.auditing(), p.authenticate()) },
	},
}

func TestChaintestReportsFaultsOnBothSides(t *testing.T) {
	t.Parallel()
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			a := newSpanAuditApp(t, fault, func(p parts) (server, channel inprocchain.Chain) {
				both := fault.chain(p)
				return both, both
			})
			for _, f := range []struct {
				name, want string
				test       func(testing.TB)
			}{
				{"Traced", fault.traced, a.traced},
				{"CompareConns", fault.conns, func(t testing.TB) { a.compareConns(t) }},
				{"CompareConns with WithSpans", fault.connsWithSpans, func(t testing.TB) { a.compareConns(t, a.withSpans()...) }},
				{"CompareConns with WithSideEffects", fault.connsWithSideEffects, func(t testing.TB) { a.compareConns(t, a.withSideEffects()) }},
				{"CompareConns of a request that is refused", fault.refused, a.compareRefused},
			} {
				reported := &failures{TB: t}
				f.test(reported)
				got := reported.text.String()
				switch {
				case f.want == "" && got != "":
					t.Errorf("%s must report nothing; it reports:\n%s", f.name, got)
				case f.want != "" && !strings.Contains(got, f.want):
					t.Errorf("%s does not report %q; it reports:\n%s", f.name, f.want, got)
				case f.want != "":
					t.Logf("%s:\n%s", f.name, got)
				}
			}
		})
	}
}

// If only the channel has the fault, there is a difference.
func TestChaintestReportsTheSameFaultsOnTheChannelAlone(t *testing.T) {
	t.Parallel()
	right := faults[0]
	for _, fault := range faults {
		if fault.noProcessor {
			continue // The server and the channel have one tracer provider.
		}
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			a := newSpanAuditApp(t, fault, func(p parts) (server, channel inprocchain.Chain) { return right.chain(p), fault.chain(p) })
			reported := &failures{TB: t}
			a.compareConns(reported, append(a.withSpans(), a.withSideEffects())...)
			a.compareRefused(reported)
			switch got := reported.text.String(); {
			case fault.name == right.name && got != "":
				t.Errorf("reported:\n%s", got)
			case fault.name != right.name && got == "":
				t.Error("nothing is reported")
			default:
				t.Log("\n" + got)
			}
		})
	}
}

// A spanAuditApp is the application with an audit log that is written from span events.
type spanAuditApp struct{ *wiredApp }

func newSpanAuditApp(t *testing.T, f fault, wire func(parts) (server, channel inprocchain.Chain)) spanAuditApp {
	t.Helper()
	var a spanAuditApp
	a.wiredApp = newWiredApp(t, func(p parts) (server, channel inprocchain.Chain) {
		p.audit = &auditLog{out: io.Discard} // It only adds the events.
		server, channel = wire(p)
		return inprocchain.NewChain(server, p.databaseSpans()), inprocchain.NewChain(channel, p.databaseSpans())
	})
	if !f.noProcessor {
		a.telemetry.tracers.RegisterSpanProcessor(spanAudit{&auditLog{out: &a.records}})
	}
	return a
}

// databaseSpans are interceptors that make the spans of a client of a database.
func (p parts) databaseSpans() inprocchain.Option {
	query := func(ctx context.Context) (context.Context, trace.Span) {
		return p.telemetry.tracers.Tracer("database").Start(ctx, "query flags",
			trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("db.system.name", "sqlite")))
	}
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			ctx, span := query(ctx)
			defer span.End()
			return handler(ctx, req)
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			_, span := query(ss.Context())
			defer span.End()
			return handler(srv, ss)
		}),
	)
}

func makeAllowedChanges(ctx context.Context, cc grpc.ClientConnInterface) error {
	return makeRefusedChanges(withToken(ctx, testToken), cc)
}

// makeRefusedChanges has no token, so the first request must be refused.
func makeRefusedChanges(ctx context.Context, cc grpc.ClientConnInterface) error {
	client := pb.NewFlagsClient(cc)
	if _, err := create(ctx, client); err != nil {
		return err
	}
	_, err := watchAndDelete(ctx, client)
	return err
}

func (a spanAuditApp) traced(t testing.TB) {
	chaintest.Traced(t, a.spans, func(ctx context.Context) error { return makeAllowedChanges(ctx, a.app.channel) })
}

func (a spanAuditApp) compareConns(t testing.TB, opts ...chaintest.Option) {
	chaintest.CompareConns(t, a.conn, a.app.channel, makeAllowedChanges, opts...)
}

func (a spanAuditApp) compareRefused(t testing.TB) {
	chaintest.CompareConns(t, a.conn, a.app.channel, makeRefusedChanges,
		chaintest.WithErrorCode(codes.Unauthenticated))
}

func (a spanAuditApp) withSpans() []chaintest.Option {
	isTransport := func(key attribute.Key, _ any) bool { return key == "audit.transport" } // never the same
	return []chaintest.Option{chaintest.WithSpans(a.spans), chaintest.WithCmpOptions(cmpopts.IgnoreMapEntries(isTransport))}
}

func (a spanAuditApp) withSideEffects() chaintest.Option {
	return chaintest.WithSideEffects(a.newRecords)
}
