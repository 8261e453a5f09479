package telemetry_test

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/interop"
	interoppb "google.golang.org/grpc/interop/grpc_testing"
)

// A service is that of grpc-go's interoperability cases, with a different unary method: it
// adds a span and an event to the trace, and waits until its context ends if the request asks
// for Canceled or DeadlineExceeded.
type service struct {
	interoppb.TestServiceServer
	waiting chan struct{} // receives a value when a handler waits for its context
}

func newService() service { return service{interop.NewTestServer(), make(chan struct{}, 1)} }

func (s service) register(r grpc.ServiceRegistrar) { interoppb.RegisterTestServiceServer(r, s) }

// client returns a client of the service on cc.
func (s service) client(cc grpc.ClientConnInterface) client {
	return client{interoppb.NewTestServiceClient(cc), cc, s.waiting}
}

type client struct {
	interoppb.TestServiceClient
	cc      grpc.ClientConnInterface
	waiting <-chan struct{}
}

func (s service) UnaryCall(ctx context.Context, req *interoppb.SimpleRequest) (*interoppb.SimpleResponse, error) {
	_, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("service").Start(ctx, "handle")
	defer span.End()
	span.AddEvent("audit", trace.WithAttributes(attribute.String("baggage", baggage.FromContext(ctx).String())))
	switch codes.Code(req.GetResponseStatus().GetCode()) {
	case codes.Canceled, codes.DeadlineExceeded:
		s.waiting <- struct{}{}
		<-ctx.Done()
	}
	resp, err := s.TestServiceServer.UnaryCall(ctx, req)
	if err == nil {
		resp.Username = baggage.FromContext(ctx).String()
		resp.OauthScope = trace.SpanContextFromContext(ctx).TraceID().String()
	}
	return resp, err
}
