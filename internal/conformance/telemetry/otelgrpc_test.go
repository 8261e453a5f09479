package telemetry_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

type scenario struct {
	name  string
	call  func(context.Context, client) error
	code  codes.Code
	shape string // of the trace
	// abandoned is set if the caller does not wait for the server.
	abandoned bool
	// unserved is set if there is no handler.
	unserved bool
}

var scenarios = []scenario{
	{name: "unary", call: unary(codes.OK), shape: "caller(client OK(server OK(handle)))"},
	{name: "unary with an error of the client", call: unary(codes.NotFound), code: codes.NotFound, shape: "caller(client NOT_FOUND(server NOT_FOUND(handle)))"},
	{name: "unary with an error of the server", call: unary(codes.Internal), code: codes.Internal, shape: "caller(client INTERNAL(server INTERNAL(handle)))"},
	{name: "canceled unary", call: canceled, code: codes.Canceled, shape: "caller(client CANCELLED(server CANCELLED(handle)))", abandoned: true},
	{name: "unary past its deadline", call: overdue, code: codes.DeadlineExceeded, shape: "caller(client DEADLINE_EXCEEDED(server DEADLINE_EXCEEDED(handle)))", abandoned: true},
	{name: "server stream", call: download(3), shape: "caller(client OK(server OK))"},
	{name: "empty server stream", call: download(0), shape: "caller(client OK(server OK))"},
	{name: "client stream", call: upload(3), shape: "caller(client OK(server OK))"},
	{name: "bidi stream", call: chat(3, codes.OK), shape: "caller(client OK(server OK))"},
	{name: "broken stream", call: chat(2, codes.DataLoss), code: codes.DataLoss, shape: "caller(client DATA_LOSS(server DATA_LOSS))"},
	{name: "abandoned stream", call: abandon, shape: "caller(client CANCELLED(server CANCELLED))", abandoned: true},
	{name: "unknown method", call: unknown, code: codes.Unimplemented, shape: "caller(client UNIMPLEMENTED)", unserved: true},
}

func TestTelemetryIsAsOnANetwork(t *testing.T) {
	t.Parallel()
	observer, service := newObserver(), newService()
	all := connect.All(t, observer.chain(), service.register)
	for _, scenario := range scenarios {
		t.Run(scenario.name, func(t *testing.T) {
			want := observer.observe(t, all[0], service, scenario)
			if want.shape != scenario.shape {
				t.Errorf("network: got %s, want %s", want.shape, scenario.shape)
			}
			for _, inprocess := range all[1:] {
				got := observer.observe(t, inprocess, service, scenario)
				if diff := cmp.Diff(want.trace, got.trace); diff != "" {
					t.Errorf("%s: trace (-network +in-process)\n%s", inprocess.Name, diff)
				}
				if diff := cmp.Diff(want.metrics, got.metrics); diff != "" {
					t.Errorf("%s: metrics (-network +in-process)\n%s", inprocess.Name, diff)
				}
			}
		})
	}
}

// An observation has the spans and metrics of an RPC.
type observation struct {
	shape   string
	trace   []string
	metrics []string
}

func (o *observer) observe(t *testing.T, conn connect.Connection, service service, scenario scenario) observation {
	t.Helper()
	o.spans.Reset()
	ctx, caller := o.tracers.Tracer("caller").Start(t.Context(), "caller")
	err := scenario.call(ctx, service.client(conn.Conn))
	caller.End()
	if status.Code(err) != scenario.code {
		t.Errorf("%s: got %v, want %v", conn.Name, err, scenario.code)
	}
	for _, ended := range o.endsOf(scenario) {
		if !conn.InProcess || scenario.abandoned {
			ended.await(t)
		} else {
			ended.requireEnded(t)
		}
	}
	spans := o.endedSpans()
	return observation{shape: shapeOf(t, spans), trace: treeOf(t, spans), metrics: pointsOf(t, o.collect(t))}
}

func (o *observer) endsOf(scenario scenario) []endSignal {
	if scenario.unserved {
		return []endSignal{o.clientEnds}
	}
	return []endSignal{o.clientEnds, o.serverEnds}
}
