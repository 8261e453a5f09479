package main

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// In each test, the channel of the application differs from its server. The test shows which
// functions of chaintest report the difference.
func TestChaintestReportsBrokenWiring(t *testing.T) {
	t.Parallel()
	const effects = "side effects differ (-network +in-process): "
	for _, c := range []struct {
		name    string
		channel func(parts) inprocchain.Chain

		// What a function reports, or "" if it must report nothing. Compare is
		// given the chain of the server, and that of the channel.
		compare, traced, conns, connsWithSpans, connsWithSideEffects string
	}{
		{
			name:    "the same chain",
			channel: func(p parts) inprocchain.Chain { return p.server },
		},
		{
			name:    "an equal chain",
			channel: func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.authenticate(), p.auditing()) },
		},
		{
			name:                 "no audit interceptor",
			channel:              func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.authenticate()) },
			connsWithSpans:       `client span "flags.v1.Flags/Create" > server span "flags.v1.Flags/Create" differs (-network +in-process):`,
			connsWithSideEffects: effects,
		},
		{
			name:           "no stats handlers",
			channel:        func(p parts) inprocchain.Chain { return p.chain(p.authenticate(), p.auditing()) },
			traced:         `no span of an RPC`,
			connsWithSpans: `in-process, no span of an RPC`,
		},
		{
			name: "no server stats handler",
			channel: func(p parts) inprocchain.Chain {
				return p.chain(inprocchain.WithClientStatsHandlers(p.clientHandler()), p.authenticate(), p.auditing())
			},
			traced:         `no server span for /flags.v1.Flags/Get, /flags.v1.Flags/Create`,
			connsWithSpans: `in-process, no server span for /flags.v1.Flags/Get, /flags.v1.Flags/Create`,
		},
		{
			name: "no client stats handler",
			channel: func(p parts) inprocchain.Chain {
				return p.chain(inprocchain.WithServerStatsHandlers(p.serverHandler()), p.authenticate(), p.auditing())
			},
			traced:         `no client span for /flags.v1.Flags/Get, /flags.v1.Flags/Create`,
			connsWithSpans: `in-process, no client span for /flags.v1.Flags/Get, /flags.v1.Flags/Create`,
		},
		{
			name: "server stats handler twice",
			channel: func(p parts) inprocchain.Chain {
				return p.chain(p.tracing(), inprocchain.WithServerStatsHandlers(p.serverHandler()), p.authenticate(), p.auditing())
			},
			traced:         `more than one server span for /flags.v1.Flags/Get, /flags.v1.Flags/Create`,
			connsWithSpans: `in-process, more than one server span for /flags.v1.Flags/Get, /flags.v1.Flags/Create`,
		},
		{
			name: "audit interceptor outside of tracing",
			channel: func(p parts) inprocchain.Chain {
				return p.chain(inprocchain.WithClientStatsHandlers(p.clientHandler()), p.authenticate(), p.auditing(), p.tracingInterceptors())
			},
			traced:         `no server span for /flags.v1.Flags/Get`, // which is refused outside of tracing
			connsWithSpans: `client span "flags.v1.Flags/Create" > server span "flags.v1.Flags/Create" differs (-network +in-process):`,
		},
		{
			name:                 "no authentication",
			channel:              func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.auditing()) },
			conns:                `/flags.v1.Flags/Get, RPC 1 of 4, is not the same in-process as on the network:`,
			connsWithSpans:       `client span "flags.v1.Flags/Get" differs (-network +in-process):`,
			connsWithSideEffects: effects,
		},
		{
			name:                 "audit interceptor before authentication",
			channel:              func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.auditing(), p.authenticate()) },
			connsWithSpans:       `client span "flags.v1.Flags/Create" > server span "flags.v1.Flags/Create" differs (-network +in-process):`,
			connsWithSideEffects: effects,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newWiredApp(t, func(p parts) (server, channel inprocchain.Chain) { return p.server, c.channel(p) })
			spans := chaintest.WithSpans(a.spans)
			transportIgnored := chaintest.WithCmpOptions(cmpopts.IgnoreMapEntries(func(key attribute.Key, _ any) bool { return key == "audit.transport" }))
			for _, f := range []struct {
				name, want string
				test       func(testing.TB)
			}{
				{"Compare with the chain of the server", c.compare, func(t testing.TB) {
					chaintest.Compare(t, a.app.chain, registerFlags, makeChanges)
				}},
				{"Compare with the chain of the channel", c.compare, func(t testing.TB) {
					chaintest.Compare(t, a.app.channel.Chain(), registerFlags, makeChanges)
				}},
				{"Traced", c.traced, func(t testing.TB) {
					chaintest.Traced(t, a.spans, func(ctx context.Context) error { return makeChanges(ctx, a.app.channel) })
				}},
				{"CompareConns", c.conns, func(t testing.TB) {
					chaintest.CompareConns(t, a.conn, a.app.channel, makeChanges)
				}},
				{"CompareConns with WithSpans", c.connsWithSpans, func(t testing.TB) {
					chaintest.CompareConns(t, a.conn, a.app.channel, makeChanges, spans, transportIgnored)
				}},
				{"CompareConns with WithSideEffects", c.connsWithSideEffects, func(t testing.TB) {
					chaintest.CompareConns(t, a.conn, a.app.channel, makeChanges, chaintest.WithSideEffects(a.newRecords))
				}},
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

// makeChanges makes a request that is refused, then creates a flag and deletes
// it, so that it can be called again.
func makeChanges(ctx context.Context, cc grpc.ClientConnInterface) error {
	client := pb.NewFlagsClient(cc)
	_, _ = get(ctx, client) // It has no token.
	ctx = withToken(ctx, testToken)
	if _, err := create(ctx, client); err != nil {
		return err
	}
	_, err := watchAndDelete(ctx, client)
	return err
}

func registerFlags(registrar grpc.ServiceRegistrar) { pb.RegisterFlagsServer(registrar, newService()) }
