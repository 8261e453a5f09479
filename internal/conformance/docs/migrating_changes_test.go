package docs_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

var errNoTenant = errors.New("no tenant")

// TestChanges checks rows of the table at the end of docs/migrating.md. What changes on a
// Channel becomes as it is over bufconn.
func TestChanges(t *testing.T) {
	for _, test := range []struct {
		name          string
		handler       func(context.Context) (string, error)
		outgoing      string // a key of the caller's metadata
		is            error  // that the caller compares with the error
		bare, channel string
	}{
		{
			name:    "incoming metadata",
			handler: func(ctx context.Context) (string, error) { return strings.Join(incomingKeys(ctx), " "), nil },
			bare:    "",
			channel: ":authority content-type user-agent",
		},
		{
			name:    "incoming metadata as HTTP headers",
			handler: forward,
			bare:    "",
			channel: `Unknown: net/http: invalid header field name ":authority"`,
		},
		{
			name:     "the key connection",
			outgoing: "connection",
			handler:  func(context.Context) (string, error) { return "", nil },
			bare:     "",
			channel:  "Internal: stream terminated by RST_STREAM with error code: PROTOCOL_ERROR",
		},
		{
			name: "the address of the peer",
			handler: func(ctx context.Context) (string, error) {
				p, _ := peer.FromContext(ctx)
				return p.Addr.String(), nil
			},
			bare:    "0",
			channel: "inproc",
		},
		{
			name:    "an error without a status",
			handler: func(context.Context) (string, error) { return "", errNoTenant },
			is:      errNoTenant,
			bare:    "Unknown: no tenant (is)",
			channel: "Unknown: no tenant",
		},
		{
			name:    "a wrapped context error",
			handler: func(context.Context) (string, error) { return "", fmt.Errorf("query: %w", context.DeadlineExceeded) },
			is:      context.DeadlineExceeded,
			bare:    "Unknown: query: context deadline exceeded (is)",
			channel: "DeadlineExceeded: query: context deadline exceeded",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			call := func(cc grpc.ClientConnInterface) string {
				ctx := t.Context()
				if test.outgoing != "" {
					ctx = metadata.AppendToOutgoingContext(ctx, test.outgoing, "value")
				}
				var header metadata.MD
				_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{}, grpc.Header(&header))
				switch {
				case err == nil:
					return strings.Join(header.Get("answer"), " ")
				case test.is != nil && errors.Is(err, test.is):
					return fmt.Sprintf("%v: %s (is)", status.Code(err), status.Convert(err).Message())
				}
				return fmt.Sprintf("%v: %s", status.Code(err), status.Convert(err).Message())
			}
			bare, channel, server := &inprocgrpc.Channel{}, inprocchain.New(), grpc.NewServer()
			register(answering{handler: test.handler}, bare, channel, server)
			if got := call(bare); got != test.bare {
				t.Errorf("bare: got %q, want %q", got, test.bare)
			}
			if got := call(channel); got != test.channel {
				t.Errorf("Channel: got %q, want %q", got, test.channel)
			}
			// The peer of bufconn has an address of its own.
			if got := strings.ReplaceAll(call(overBufconn(t, server)), "bufconn", "inproc"); got != test.channel {
				t.Errorf("bufconn: got %q, want %q", got, test.channel)
			}
		})
	}
}

func register(server healthpb.HealthServer, registrars ...grpc.ServiceRegistrar) {
	for _, registrar := range registrars {
		healthpb.RegisterHealthServer(registrar, server)
	}
}

// answering is a service whose handler answers in a header.
type answering struct {
	healthpb.UnimplementedHealthServer
	handler func(context.Context) (string, error)
}

func (a answering) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if a.handler == nil {
		return &healthpb.HealthCheckResponse{}, nil
	}
	answer, err := a.handler(ctx)
	if err != nil {
		return nil, err
	}
	return &healthpb.HealthCheckResponse{}, grpc.SetHeader(ctx, metadata.Pairs("answer", answer))
}

func incomingKeys(ctx context.Context) []string {
	md, _ := metadata.FromIncomingContext(ctx)
	delete(md, "grpc-accept-encoding") // only if a compressor is registered
	return slices.Sorted(maps.Keys(md))
}

// forward sends an HTTP request with the incoming metadata as headers, as anycable-go does.
func forward(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://192.0.2.1", nil)
	if err != nil {
		return "", err
	}
	for _, key := range incomingKeys(ctx) {
		req.Header.Set(key, "value")
	}
	if len(req.Header) == 0 {
		return "", nil // It would be sent.
	}
	_, err = http.DefaultTransport.RoundTrip(req) // refuses the headers before it connects
	return "", err
}

func TestSpansChange(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	handler := otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(spans))))
	bare := (&inprocgrpc.Channel{}).WithClientStatsHandler(handler)
	channel := inprocchain.New(inprocchain.WithClientStatsHandlers(handler))
	server := grpc.NewServer()
	register(answering{}, bare, channel, server)
	for _, cc := range []grpc.ClientConnInterface{bare, channel, overBufconn(t, server, grpc.WithStatsHandler(handler))} {
		if _, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	var addresses []string
	for _, span := range spans.Ended() {
		address := "none"
		for _, attribute := range span.Attributes() {
			if attribute.Key == "server.address" {
				address = attribute.Value.AsString()
			}
		}
		addresses = append(addresses, address)
	}
	if want := []string{"none", "inproc", "bufconn"}; !slices.Equal(addresses, want) {
		t.Errorf("server.address: got %v, want %v", addresses, want)
	}
}

// TestPassedDeadlineChanges checks that an RPC whose deadline has passed no longer reaches
// the server, and so leaves no log, span or metric of it.
func TestPassedDeadlineChanges(t *testing.T) {
	seen := make(counter, 4)
	bare := (&inprocgrpc.Channel{}).WithServerUnaryInterceptor(seen.intercept).WithServerStatsHandler(seen)
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(seen.intercept), inprocchain.WithServerStatsHandlers(seen))
	server := grpc.NewServer(grpc.UnaryInterceptor(seen.intercept), grpc.StatsHandler(seen))
	register(answering{}, bare, channel, server)
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()

	_, _ = healthpb.NewHealthClient(bare).Check(late, &healthpb.HealthCheckRequest{})
	seen.await(2) // perhaps after the caller has returned
	for _, cc := range []grpc.ClientConnInterface{channel, overBufconn(t, server)} {
		_, _ = healthpb.NewHealthClient(cc).Check(late, &healthpb.HealthCheckRequest{})
		if _, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
			t.Fatal(err)
		}
		if seen.await(2); len(seen) > 0 {
			t.Errorf("%T: the interceptor or the stats handler is called for the RPC whose deadline has passed", cc)
		}
	}
}

// A counter is an interceptor and a stats handler that says so when it is called for an RPC.
type counter chan struct{}

func (c counter) intercept(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	c <- struct{}{}
	return handler(ctx, req)
}

func (c counter) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	c <- struct{}{}
	return ctx
}

func (counter) HandleRPC(context.Context, stats.RPCStats)                         {}
func (counter) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (counter) HandleConn(context.Context, stats.ConnStats)                       {}

func (c counter) await(calls int) {
	for range calls {
		<-c
	}
}
