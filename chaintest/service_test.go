package chaintest

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	unaryMethod = "/chaintest.Service/Unary"
	bidiMethod  = "/chaintest.Service/Bidi"
)

// register registers a service that echoes, with a header and a trailer.
func register(registrar grpc.ServiceRegistrar) {
	registrar.RegisterService(&grpc.ServiceDesc{
		ServiceName: "chaintest.Service",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Unary", Handler: serveUnary}},
		Streams:     []grpc.StreamDesc{{StreamName: "Bidi", Handler: serveBidi, ClientStreams: true, ServerStreams: true}},
	}, struct{}{})
}

func serveUnary(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	req := new(wrapperspb.StringValue)
	if err := decode(req); err != nil {
		return nil, err
	}
	handler := func(ctx context.Context, req any) (any, error) {
		if req.(*wrapperspb.StringValue).Value == "fail" {
			return nil, status.Error(codes.NotFound, "nothing")
		}
		_ = grpc.SetHeader(ctx, metadata.Pairs("header", "h"))
		_ = grpc.SetTrailer(ctx, metadata.Pairs("trailer", "t"))
		return req, nil
	}
	if interceptor == nil {
		return handler(ctx, req)
	}
	return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: unaryMethod}, handler)
}

func serveBidi(_ any, ss grpc.ServerStream) error {
	ss.SetTrailer(metadata.Pairs("trailer", "t"))
	for {
		msg := new(wrapperspb.StringValue)
		if err := ss.RecvMsg(msg); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if msg.Value == "fail" {
			return status.Error(codes.NotFound, "nothing")
		}
		if err := ss.SendMsg(msg); err != nil {
			return err
		}
	}
}

func callUnary(message string) Calls {
	return func(ctx context.Context, cc grpc.ClientConnInterface) error {
		ctx = metadata.AppendToOutgoingContext(ctx, "key", "value")
		return cc.Invoke(ctx, unaryMethod, wrapperspb.String(message), new(wrapperspb.StringValue))
	}
}

func callBidi(ctx context.Context, cc grpc.ClientConnInterface) error {
	s, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
	if err != nil {
		return err
	}
	for range 3 {
		if err := errors.Join(s.SendMsg(wrapperspb.String("message")), s.RecvMsg(new(wrapperspb.StringValue))); err != nil {
			return err
		}
	}
	if err := errors.Join(s.CloseSend(), s.RecvMsg(new(wrapperspb.StringValue))); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
