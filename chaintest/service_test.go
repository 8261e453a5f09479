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

	"github.com/inprocchain/inprocchain/internal/testservice"
)

const (
	unaryMethod = testservice.Unary
	bidiMethod  = testservice.Bidi
)

// register registers a service that echoes, with a header and a trailer.
func register(registrar grpc.ServiceRegistrar) {
	testservice.Service{Unary: serveUnary, Stream: serveBidi}.Register(registrar)
}

func serveUnary(ctx context.Context, req any) (any, error) {
	if req.(*wrapperspb.StringValue).Value == "fail" {
		return nil, status.Error(codes.NotFound, "nothing")
	}
	_ = grpc.SetHeader(ctx, metadata.Pairs("header", "h"))
	_ = grpc.SetTrailer(ctx, metadata.Pairs("trailer", "t"))
	return req, nil
}

func serveBidi(ss grpc.ServerStream) error {
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
	s, err := cc.NewStream(ctx, testservice.BidiDesc, bidiMethod)
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
