package reliability_test

import (
	"context"
	"io"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// A scripted service has handlers that a test provides. A nil handler echoes.
type scripted struct {
	request func() any // returns the message into which a handler decodes; nil for a BytesValue
	unary   func(ctx context.Context, req any) (any, error)
	stream  func(ss grpc.ServerStream) error
}

const (
	scriptedUnary        = "/scripted.Service/Unary"
	scriptedBidi         = "/scripted.Service/Bidi"
	scriptedClientStream = "/scripted.Service/ClientStream"
	scriptedServerStream = "/scripted.Service/ServerStream"
)

func scriptedDesc() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "scripted.Service",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: serveScriptedUnary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "Bidi", Handler: serveScriptedStream, ClientStreams: true, ServerStreams: true},
			{StreamName: "ClientStream", Handler: serveScriptedStream, ClientStreams: true},
			{StreamName: "ServerStream", Handler: serveScriptedStream, ServerStreams: true},
		},
	}
}

func serveScriptedUnary(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	s := srv.(scripted)
	req := any(new(wrapperspb.BytesValue))
	if s.request != nil {
		req = s.request()
	}
	if err := dec(req); err != nil {
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
	return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: scriptedUnary}, handler)
}

func serveScriptedStream(srv any, ss grpc.ServerStream) error {
	if s := srv.(scripted); s.stream != nil {
		return s.stream(ss)
	}
	for {
		m := new(wrapperspb.BytesValue)
		if err := ss.RecvMsg(m); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := ss.SendMsg(m); err != nil {
			return err
		}
	}
}

func (s scripted) onChannel(opts ...inprocchain.Option) *inprocchain.Channel {
	ch := inprocchain.New(opts...)
	ch.RegisterService(scriptedDesc(), s)
	return ch
}

func (s scripted) onBareChannel() *inprocgrpc.Channel {
	ch := new(inprocgrpc.Channel)
	ch.RegisterService(scriptedDesc(), s)
	return ch
}

func (s scripted) onNetwork(tb testing.TB, opts ...grpc.ServerOption) *grpc.ClientConn {
	server := grpc.NewServer(opts...)
	server.RegisterService(scriptedDesc(), s)
	return connect.Dial(tb, server)
}

var bidi = &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}

func openBidi(ctx context.Context, tb testing.TB, cc grpc.ClientConnInterface, opts ...grpc.CallOption) grpc.ClientStream {
	tb.Helper()
	stream, err := cc.NewStream(ctx, bidi, scriptedBidi, opts...)
	if err != nil {
		tb.Fatalf("NewStream: %v", err)
	}
	return stream
}

// passClient is an interceptor that only calls its invoker.
func passClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}
