package main

import (
	"bytes"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

const testToken = "secret"

var anyPort = config{grpcAddr: "127.0.0.1:0", httpAddr: "127.0.0.1:0", token: testToken}

// A rig is an app whose two chains a test may choose, and what it leaves.
type rig struct {
	app      *app
	ways     []way
	spans    *tracetest.SpanRecorder
	observed *telemetry
	finished chan []sdktrace.ReadOnlySpan
	log      bytes.Buffer // to be read once stopped
	audit    bytes.Buffer
	stop     func()
}

// chains makes the chains of the network and of the channel from the program's.
type chains func(full inprocchain.Chain, observed *telemetry) (network, inproc inprocchain.Chain)

// newRig serves with two chains that a test makes of the program's own one.
func newRig(t *testing.T, chains chains) *rig {
	t.Helper()
	r := &rig{spans: tracetest.NewSpanRecorder(), finished: make(chan []sdktrace.ReadOnlySpan, 100)}
	r.observed = newTelemetry(newTraces(func(spans []sdktrace.ReadOnlySpan) {
		select {
		case r.finished <- spans:
		default: // nobody visits
		}
	}))
	r.observed.tracers.RegisterSpanProcessor(r.spans)
	network, inproc := chains(newChain(newLog(&r.log), testToken, &auditLog{out: &r.audit}, r.observed), r.observed)
	var err error
	r.app, err = start(t.Context(), anyPort, grpc.NewServer(network.ServerOptions()...), inprocchain.New(inproc), r.observed)
	if err != nil {
		t.Fatal(err)
	}
	r.app.chain = network
	ways, hangUp, err := dial(r.app)
	if err != nil {
		t.Fatal(err)
	}
	r.ways = ways
	r.stop = sync.OnceFunc(func() {
		if err := r.app.stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := hangUp(); err != nil {
			t.Error(err)
		}
		if err := r.app.flush(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)
	return r
}

func one(full inprocchain.Chain, _ *telemetry) (network, inproc inprocchain.Chain) { return full, full }

// interceptorsOf returns a chain without its stats handlers.
func interceptorsOf(full inprocchain.Chain) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(full.UnaryServerInterceptor()),
		inprocchain.WithStreamServerInterceptors(full.StreamServerInterceptor()),
	)
}
