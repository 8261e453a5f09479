package main

import (
	"bytes"
	"context"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

const testToken = "secret"

var testConfig = config{grpcAddr: "127.0.0.1:0", httpAddr: "127.0.0.1:0", token: testToken}

// A testApp is an app with clients for all transports, and what it records.
type testApp struct {
	app         *app
	clients     []client
	telemetry   *telemetry
	spans       *tracetest.SpanRecorder
	serverSpans endedServerSpans
	log         bytes.Buffer // read it after stop
	audit       bytes.Buffer // read it after stop
	stop        func()
}

// A chainsFunc returns the chains of the network server and of the channel, made
// from the program's own chain.
type chainsFunc func(full inprocchain.Chain, telemetry *telemetry) (network, inproc inprocchain.Chain)

// startTestApp starts an app with the chains that the function returns.
func startTestApp(t *testing.T, chains chainsFunc) *testApp {
	t.Helper()
	ta := &testApp{spans: tracetest.NewSpanRecorder(), serverSpans: make(endedServerSpans, 100)}
	ta.telemetry = newTelemetry("flags", ta.spans)
	ta.telemetry.tracers.RegisterSpanProcessor(ta.serverSpans)
	network, inproc := chains(newChain(newLog(&ta.log), testToken, &auditLog{out: &ta.audit}, ta.telemetry), ta.telemetry)
	service, server, channel := newService(), grpc.NewServer(network.ServerOptions()...), inprocchain.New(inproc)
	registerAll(inprocchain.MultiRegistrar(server, channel), service)
	var err error
	ta.app, err = start(t.Context(), testConfig, service, server, channel, ta.telemetry)
	if err != nil {
		t.Fatal(err)
	}
	ta.app.chain = network
	clients, closeClients, err := dial(ta.app)
	if err != nil {
		t.Fatal(err)
	}
	ta.clients = clients
	ta.stop = sync.OnceFunc(func() {
		if err := ta.app.stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := closeClients(); err != nil {
			t.Error(err)
		}
		if err := ta.app.flush(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(ta.stop)
	return ta
}

// sameChain is a chainsFunc that returns the program's chain for both.
func sameChain(full inprocchain.Chain, _ *telemetry) (network, inproc inprocchain.Chain) {
	return full, full
}

// noStatsHandlersOnChannel is a chainsFunc that removes the stats handlers from
// the channel's chain.
func noStatsHandlersOnChannel(full inprocchain.Chain, _ *telemetry) (network, inproc inprocchain.Chain) {
	return full, interceptorsOf(full)
}

// interceptorsOf returns the chain without its stats handlers.
func interceptorsOf(full inprocchain.Chain) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(full.UnaryServerInterceptor()),
		inprocchain.WithStreamServerInterceptors(full.StreamServerInterceptor()),
	)
}

// endedServerSpans is a span processor that sends the names of server spans to
// the channel, unless it is full.
type endedServerSpans chan string

func (c endedServerSpans) OnEnd(span sdktrace.ReadOnlySpan) {
	if span.SpanKind() != trace.SpanKindServer {
		return
	}
	select {
	case c <- span.Name():
	default:
	}
}

func (endedServerSpans) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (endedServerSpans) ForceFlush(context.Context) error                { return nil }
func (endedServerSpans) Shutdown(context.Context) error                  { return nil }

// await returns once a server span with the name has ended.
func (c endedServerSpans) await(t *testing.T, name string) {
	t.Helper()
	for {
		select {
		case ended := <-c:
			if ended == name {
				return
			}
		case <-t.Context().Done():
			t.Fatalf("no server span %s has ended", name)
		}
	}
}
