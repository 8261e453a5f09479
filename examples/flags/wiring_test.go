package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// In each test, the channel of the application differs from its server. The test shows which
// functions of chaintest report the difference.
func TestChaintestReportsBrokenWiring(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		channel func(parts) inprocchain.Chain

		// What a function reports, or "" if it must report nothing. Compare is
		// given the chain of the server, and that of the channel.
		compare, traced, conns, connsWithSpans, connsWithEffects string
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
			name:             "no audit interceptor",
			channel:          func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.authenticate()) },
			connsWithSpans:   `client span "flags.v1.Flags/Create" > server span "flags.v1.Flags/Create" differs (- on the network, + in-process):`,
			connsWithEffects: `what the function of WithEffects returned differs (- on the network, + in-process):`,
		},
		{
			name:           "no stats handlers",
			channel:        func(p parts) inprocchain.Chain { return p.chain(p.authenticate(), p.auditing()) },
			traced:         `no span of an RPC`,
			connsWithSpans: `client span "flags.v1.Flags/Create" was recorded only on the network`,
		},
		{
			name: "no server stats handler",
			channel: func(p parts) inprocchain.Chain {
				return p.chain(inprocchain.WithClientStatsHandlers(p.clientHandler()), p.authenticate(), p.auditing())
			},
			traced:         `no server span for /flags.v1.Flags/Create: is the server's stats handler on the channel, too?`,
			connsWithSpans: `client span "flags.v1.Flags/Create" > server span "flags.v1.Flags/Create" was recorded only on the network`,
		},
		{
			name: "server stats handler twice",
			channel: func(p parts) inprocchain.Chain {
				return p.chain(p.tracing(), inprocchain.WithServerStatsHandlers(p.serverHandler()), p.authenticate(), p.auditing())
			},
			traced:         `more than one server span for /flags.v1.Flags/Create: is its stats handler registered twice?`,
			connsWithSpans: `client span "flags.v1.Flags/Create" > server span "flags.v1.Flags/Create" was recorded only in-process`,
		},
		{
			name: "audit interceptor outside of tracing",
			channel: func(p parts) inprocchain.Chain {
				return p.chain(inprocchain.WithClientStatsHandlers(p.clientHandler()), p.authenticate(), p.auditing(), p.tracingInterceptors())
			},
			traced:         `no server span for /flags.v1.Flags/Get`, // which is refused outside of tracing
			connsWithSpans: `client span "flags.v1.Flags/Create" > server span "flags.v1.Flags/Create" differs (- on the network, + in-process):`,
		},
		{
			name:             "no authentication",
			channel:          func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.auditing()) },
			conns:            `/flags.v1.Flags/Get, RPC 1 of 4, is not the same in-process as on the network:`,
			connsWithSpans:   `client span "flags.v1.Flags/Get" differs (- on the network, + in-process):`,
			connsWithEffects: `what the function of WithEffects returned differs (- on the network, + in-process):`,
		},
		{
			name:             "audit interceptor before authentication",
			channel:          func(p parts) inprocchain.Chain { return p.chain(p.tracing(), p.auditing(), p.authenticate()) },
			connsWithSpans:   `client span "flags.v1.Flags/Create" > server span "flags.v1.Flags/Create" differs (- on the network, + in-process):`,
			connsWithEffects: `what the function of WithEffects returned differs (- on the network, + in-process):`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newWiredApp(t, func(p parts) (server, channel inprocchain.Chain) { return p.server, c.channel(p) })
			spans := chaintest.WithSpans(a.spans)
			effects := chaintest.WithEffects(a.newRecords)
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
				{"CompareConns with WithEffects", c.connsWithEffects, func(t testing.TB) {
					chaintest.CompareConns(t, a.conn, a.app.channel, makeChanges, effects)
				}},
			} {
				_ = a.newRecords() // discards those of the previous function
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

// If stats handlers are missing on both, there is no difference to report.
func TestChaintestReportsThatBothHaveNoStatsHandlers(t *testing.T) {
	t.Parallel()
	a := newWiredApp(t, func(p parts) (server, channel inprocchain.Chain) {
		server = p.chain(p.authenticate(), p.auditing())
		return server, server
	})
	chaintest.CompareConns(t, a.conn, a.app.channel, makeChanges, chaintest.WithEffects(a.newRecords))
	for _, f := range []struct {
		want string
		test func(testing.TB)
	}{
		{"no span of an RPC", func(t testing.TB) {
			chaintest.Traced(t, a.spans, func(ctx context.Context) error { return makeChanges(ctx, a.app.channel) })
		}},
		{"no span was recorded", func(t testing.TB) {
			chaintest.CompareConns(t, a.conn, a.app.channel, makeChanges, chaintest.WithSpans(a.spans))
		}},
	} {
		reported := &failures{TB: t}
		f.test(reported)
		if got := reported.text.String(); !strings.Contains(got, f.want) {
			t.Errorf("no report says %q; the reports are:\n%s", f.want, got)
		}
	}
}

// A wiredApp is the application with chains of a test on its server and on its
// channel.
type wiredApp struct {
	*testApp
	conn    *grpc.ClientConn // to the listener
	records recordReader
}

func newWiredApp(t *testing.T, wire func(parts) (server, channel inprocchain.Chain)) *wiredApp {
	t.Helper()
	a := new(wiredApp)
	audit := &auditLog{out: &a.records}
	a.testApp = startTestApp(t, func(_ inprocchain.Chain, telemetry *telemetry) (network, inproc inprocchain.Chain) {
		return wire(parts{newChain(newLog(io.Discard), testToken, audit, telemetry), audit, telemetry})
	})
	var err error
	a.conn, err = grpc.NewClient(a.app.grpcAddr, append(a.app.chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.conn.Close() })
	return a
}

// newRecords returns the audit records that were added since the last call,
// without the time and the transport, which are never the same.
func (a *wiredApp) newRecords() any { return a.records.next() }

// A recordReader reads the records that an audit log writes to it.
type recordReader struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (r *recordReader) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.written.Write(line)
}

func (r *recordReader) next() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []string
	for lines := json.NewDecoder(&r.written); ; {
		var next record
		if err := lines.Decode(&next); errors.Is(err, io.EOF) {
			return records
		} else if err != nil {
			panic(err) // The log contains only JSON.
		}
		records = append(records, fmt.Sprintf("%s %s %s", next.Actor, next.Action, next.Flag))
	}
}

// parts are the parts from which the chains of a wiredApp are made.
type parts struct {
	server    inprocchain.Chain // that of the program
	audit     *auditLog
	telemetry *telemetry
}

// chain returns a chain whose interceptors run inside of a recovery interceptor.
func (p parts) chain(inner ...inprocchain.Option) inprocchain.Chain {
	return inprocchain.NewChain(append([]inprocchain.Option{
		inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()),
		inprocchain.WithStreamServerInterceptors(recovery.StreamServerInterceptor()),
	}, inner...)...)
}

func (p parts) clientHandler() stats.Handler {
	return otelgrpc.NewClientHandler(p.telemetry.options()...)
}

func (p parts) serverHandler() stats.Handler {
	return otelgrpc.NewServerHandler(p.telemetry.options()...)
}

func (p parts) tracing() inprocchain.Option {
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(p.clientHandler()),
		inprocchain.WithServerStatsHandlers(p.serverHandler()),
	)
}

func (p parts) authenticate() inprocchain.Option {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(auth.UnaryServerInterceptor(authenticate(testToken))),
		inprocchain.WithStreamServerInterceptors(auth.StreamServerInterceptor(authenticate(testToken))),
	)
}

func (p parts) auditing() inprocchain.Option {
	return inprocchain.WithUnaryServerInterceptors(p.audit.unaryServer)
}

// tracingInterceptors make the server spans in interceptors, as otelgrpc did
// before it had stats handlers.
func (p parts) tracingInterceptors() inprocchain.Option {
	handler := p.serverHandler()
	trace := func(ctx context.Context, method string, serve func(context.Context) error) error {
		ctx = handler.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
		begin := &stats.Begin{}
		handler.HandleRPC(ctx, begin)
		err := serve(ctx)
		handler.HandleRPC(ctx, &stats.End{BeginTime: begin.BeginTime, Error: err})
		return err
	}
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
			err = trace(ctx, info.FullMethod, func(ctx context.Context) error {
				resp, err = handler(ctx, req)
				return err
			})
			return resp, err
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return trace(ss.Context(), info.FullMethod, func(context.Context) error { return handler(srv, ss) })
		}),
	)
}
