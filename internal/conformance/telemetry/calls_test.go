package telemetry_test

import (
	"context"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	interoppb "google.golang.org/grpc/interop/grpc_testing"
)

func unary(code codes.Code) func(context.Context, client) error {
	return func(ctx context.Context, client client) error {
		_, err := client.UnaryCall(ctx, &interoppb.SimpleRequest{
			Payload:        &interoppb.Payload{Body: make([]byte, 10)},
			ResponseSize:   20,
			ResponseStatus: &interoppb.EchoStatus{Code: int32(code), Message: "as asked"},
		})
		return err
	}
}

// canceled cancels a unary RPC while its handler runs.
func canceled(ctx context.Context, client client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		<-client.waiting
		cancel()
	}()
	return unary(codes.Canceled)(ctx, client)
}

// overdue lets the deadline of a unary RPC pass while its handler runs.
func overdue(ctx context.Context, client client) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	err := unary(codes.DeadlineExceeded)(ctx, client)
	<-client.waiting
	return err
}

// unknown calls an unknown method. It sends nothing, because on a network a client that is
// refused while it sends may report success to its stats handlers.
func unknown(ctx context.Context, client client) error {
	desc := &grpc.StreamDesc{StreamName: "Unknown", ClientStreams: true, ServerStreams: true}
	stream, err := client.cc.NewStream(ctx, desc, "/grpc.testing.TestService/Unknown")
	if err != nil {
		return err
	}
	return stream.RecvMsg(new(interoppb.Empty))
}

func download(messages int) func(context.Context, client) error {
	return func(ctx context.Context, client client) error {
		stream, err := client.StreamingOutputCall(ctx, &interoppb.StreamingOutputCallRequest{ResponseParameters: sizes(messages)})
		if err != nil {
			return err
		}
		for {
			if _, err := stream.Recv(); err != nil {
				return ended(err)
			}
		}
	}
}

func upload(messages int) func(context.Context, client) error {
	return func(ctx context.Context, client client) error {
		stream, err := client.StreamingInputCall(ctx)
		if err != nil {
			return err
		}
		for range messages {
			if err := stream.Send(&interoppb.StreamingInputCallRequest{Payload: &interoppb.Payload{Body: make([]byte, 10)}}); err != nil {
				return err
			}
		}
		_, err = stream.CloseAndRecv()
		return err
	}
}

// chat sends and receives messages in turn, and then ends the stream. If end is not OK, it
// requests that status.
func chat(messages int, end codes.Code) func(context.Context, client) error {
	return func(ctx context.Context, client client) error {
		stream, err := client.FullDuplexCall(ctx)
		if err != nil {
			return err
		}
		for range messages {
			if err := exchange(stream); err != nil {
				return err
			}
		}
		if end != codes.OK {
			status := &interoppb.EchoStatus{Code: int32(end), Message: "as asked"}
			if err := stream.Send(&interoppb.StreamingOutputCallRequest{ResponseStatus: status}); err != nil {
				return err
			}
		} else if err := stream.CloseSend(); err != nil {
			return err
		}
		_, err = stream.Recv()
		return ended(err)
	}
}

// abandon cancels a stream after its first message, and does not receive from it again.
func abandon(ctx context.Context, client client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	return exchange(stream)
}

func exchange(stream interoppb.TestService_FullDuplexCallClient) error {
	if err := stream.Send(&interoppb.StreamingOutputCallRequest{ResponseParameters: sizes(1)}); err != nil {
		return err
	}
	_, err := stream.Recv()
	return err
}

func sizes(messages int) []*interoppb.ResponseParameters {
	all := make([]*interoppb.ResponseParameters, messages)
	for i := range all {
		all[i] = &interoppb.ResponseParameters{Size: 20}
	}
	return all
}

func ended(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
