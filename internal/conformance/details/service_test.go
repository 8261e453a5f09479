package details_test

import (
	"context"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A service has a method of each kind. A nil handler echoes.
type service struct {
	request func() any // returns the message into which a handler receives; nil for a StringValue
	unary   func(ctx context.Context, req any) (any, error)
	stream  func(grpc.ServerStream) error
}

const (
	unaryMethod        = "/details.Service/Unary"
	bidiMethod         = "/details.Service/Bidi"
	clientStreamMethod = "/details.Service/ClientStream"
	serverStreamMethod = "/details.Service/ServerStream"
)

func (s service) register(r grpc.ServiceRegistrar) {
	r.RegisterService(&grpc.ServiceDesc{
		ServiceName: "details.Service",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: serveUnary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "Bidi", Handler: serveStream, ClientStreams: true, ServerStreams: true},
			{StreamName: "ClientStream", Handler: serveStream, ClientStreams: true},
			{StreamName: "ServerStream", Handler: serveStream, ServerStreams: true},
		},
	}, s)
}

func (s service) newRequest() any {
	if s.request == nil {
		return new(wrapperspb.StringValue)
	}
	return s.request()
}

func serveUnary(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	s := srv.(service)
	req := s.newRequest()
	if err := decode(req); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, req any) (any, error) {
		if s.unary == nil {
			return req, nil
		}
		return s.unary(ctx, req)
	}
	if interceptor == nil {
		return handler(ctx, req)
	}
	return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: unaryMethod}, handler)
}

func serveStream(srv any, stream grpc.ServerStream) error {
	s := srv.(service)
	if s.stream != nil {
		return s.stream(stream)
	}
	for {
		message := s.newRequest()
		if err := stream.RecvMsg(message); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(message); err != nil {
			return err
		}
	}
}

var bidi = &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}

func openBidi(ctx context.Context, t *testing.T, cc grpc.ClientConnInterface, opts ...grpc.CallOption) grpc.ClientStream {
	t.Helper()
	stream, err := cc.NewStream(ctx, bidi, bidiMethod, opts...)
	if err != nil {
		t.Fatalf("NewStream: %v", err)
	}
	return stream
}

func callUnary(ctx context.Context, cc grpc.ClientConnInterface) error {
	return cc.Invoke(ctx, unaryMethod, wrapperspb.String("request"), new(wrapperspb.StringValue))
}

func callStream(ctx context.Context, cc grpc.ClientConnInterface) error {
	stream, err := cc.NewStream(ctx, bidi, bidiMethod)
	if err != nil {
		return err
	}
	if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != io.EOF {
		return err
	}
	return nil
}

// taggingStats is a stats handler that adds a value to contexts.
type taggingStats struct{}

type tagKey struct{}

func (taggingStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, tagKey{}, "tagged")
}

func (taggingStats) HandleRPC(context.Context, stats.RPCStats) {}

func (taggingStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (taggingStats) HandleConn(context.Context, stats.ConnStats) {}
