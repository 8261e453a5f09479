// Package testservice has what the tests of many packages need: a service whose handlers are
// functions, a connection to a server over bufconn, and a stats handler of functions.
package testservice

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The methods of a Service.
const (
	Unary        = "/test.Service/Unary"
	ClientStream = "/test.Service/ClientStream"
	ServerStream = "/test.Service/ServerStream"
	Bidi         = "/test.Service/Bidi"
	UnaryStream  = "/test.Service/UnaryStream" // It streams in neither direction.
)

// BidiDesc describes the method Bidi to NewStream.
var BidiDesc = &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}

// A Service has a method of each kind. A nil handler echoes.
type Service struct {
	Message func() any // returns the message into which a handler receives; nil for a StringValue
	Unary   func(ctx context.Context, req any) (any, error)
	Stream  func(grpc.ServerStream) error
}

// Register registers the service.
func (s Service) Register(r grpc.ServiceRegistrar) { r.RegisterService(Desc(), s) }

// Desc returns the description of a Service, which the caller may change.
func Desc() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "test.Service",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: serveUnary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "ClientStream", Handler: serveStream, ClientStreams: true},
			{StreamName: "ServerStream", Handler: serveStream, ServerStreams: true},
			{StreamName: "Bidi", Handler: serveStream, ClientStreams: true, ServerStreams: true},
			{StreamName: "UnaryStream", Handler: serveStream},
		},
	}
}

func (s Service) newMessage() any {
	if s.Message == nil {
		return new(wrapperspb.StringValue)
	}
	return s.Message()
}

// serveUnary does what generated code does.
func serveUnary(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	s, _ := srv.(Service)
	req := s.newMessage()
	if err := decode(req); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, req any) (any, error) {
		if s := srv.(Service); s.Unary != nil { // It panics if srv is nil.
			return s.Unary(ctx, req)
		}
		return req, nil
	}
	if interceptor == nil {
		return handler(ctx, req)
	}
	return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: Unary}, handler)
}

func serveStream(srv any, stream grpc.ServerStream) error {
	s := srv.(Service)
	if s.Stream == nil {
		return s.Echo(stream)
	}
	return s.Stream(stream)
}

// Echo is a handler that sends back each message that it receives.
func (s Service) Echo(stream grpc.ServerStream) error {
	for {
		message := s.newMessage()
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
