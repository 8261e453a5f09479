package shared_test

import (
	"cmp"
	"context"
	"slices"
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
)

// This file has the code of docs/shared-messages.md.

// connectPipeline returns the connections of two callers in one process.
func connectPipeline(chain inprocchain.Chain, collector coltracepb.TraceServiceServer) (exporter, gateway grpc.ClientConnInterface) {
	channel := inprocchain.New(chain)
	coltracepb.RegisterTraceServiceServer(channel, collector)

	// The exporter sends large messages and changes none of them. The gateway's are copied.
	exporter = channel.NewClient(inprocchain.WithSharedMessages())
	gateway = channel
	return exporter, gateway
}

// A collector changes its request, which the caller still has if it is shared.
type collector struct {
	coltracepb.UnimplementedTraceServiceServer
}

func (collector) Export(_ context.Context, req *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceResponse, error) {
	setDefaults(req)
	return &coltracepb.ExportTraceServiceResponse{}, nil
}

// setDefaults gives a name to spans without one.
func setDefaults(req *coltracepb.ExportTraceServiceRequest) {
	for _, resource := range req.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				span.Name = cmp.Or(span.Name, "unnamed")
			}
		}
	}
}

// A carefulCollector changes a copy.
type carefulCollector struct {
	coltracepb.UnimplementedTraceServiceServer
}

func (carefulCollector) Export(_ context.Context, req *coltracepb.ExportTraceServiceRequest) (*coltracepb.ExportTraceServiceResponse, error) {
	req = proto.CloneOf(req)
	setDefaults(req)
	return &coltracepb.ExportTraceServiceResponse{}, nil
}

func spans(names ...string) *coltracepb.ExportTraceServiceRequest {
	scope := new(tracepb.ScopeSpans)
	for _, name := range names {
		scope.Spans = append(scope.Spans, &tracepb.Span{Name: name})
	}
	return &coltracepb.ExportTraceServiceRequest{ResourceSpans: []*tracepb.ResourceSpans{{ScopeSpans: []*tracepb.ScopeSpans{scope}}}}
}

// Without the option, a handler may change its request. A careful one may always.
func TestCollectorsDoNotChangeTheCallersRequest(t *testing.T) {
	t.Parallel()
	_, copying := connectPipeline(inprocchain.Chain{}, collector{})
	sharing, _ := connectPipeline(inprocchain.Chain{}, carefulCollector{})
	for name, cc := range map[string]grpc.ClientConnInterface{"copying": copying, "sharing": sharing} {
		sent := spans("first", "")
		if _, err := coltracepb.NewTraceServiceClient(cc).Export(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(sent, spans("first", "")) {
			t.Errorf("%s: the request is %v now", name, sent)
		}
	}
}

// renameFirst changes a nested message of its request without changing what is shared: it copies
// the list and the message, and sets the field of its own struct.
func renameFirst(req *coltracepb.ExportTraceServiceRequest, url string) {
	first := proto.CloneOf(req.ResourceSpans[0])
	first.SchemaUrl = url
	req.ResourceSpans = slices.Clone(req.ResourceSpans)
	req.ResourceSpans[0] = first
}

func TestRenameFirstChangesNothingThatIsShared(t *testing.T) {
	t.Parallel()
	sent, url := spans("a", "b"), "https://example.com/schema"
	received := &coltracepb.ExportTraceServiceRequest{ResourceSpans: sent.ResourceSpans}
	renameFirst(received, url)
	if got := received.ResourceSpans[0].SchemaUrl; got != url {
		t.Errorf("the schema is %q, want %q", got, url)
	}
	if !proto.Equal(sent, spans("a", "b")) {
		t.Errorf("the sender has %v now", sent)
	}
}
