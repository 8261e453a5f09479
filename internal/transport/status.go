package transport

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

var (
	errNoResponse  = status.Error(codes.Internal, "cardinality violation: received no response message from non-server-streaming RPC")
	errMoreAnswers = status.Error(codes.Internal, "cardinality violation: expected <EOF> for non server-streaming RPCs, but received another message")
	errNoRequest   = status.Error(codes.Internal, "cardinality violation: received no request message from non-client-streaming RPC")
	errMoreAsked   = status.Error(codes.Internal, "cardinality violation: received multiple request messages for non-client-streaming RPC")
	errSendClosed  = status.Error(codes.Internal, "SendMsg called after CloseSend")
	errHeaderSent  = status.Error(codes.Internal, "transport: SendHeader called multiple times")
	errDone        = status.FromContextError(context.Canceled).Err() // as streamContextErr of internal/transport/http2_server.go
	errNoAnswer    = status.Error(codes.Internal, "inprocchain: the handler's goroutine ended without an answer; does it call runtime.Goexit, as t.FailNow does?")
)

// handlerStatus returns the status of an RPC whose handler returned err, as
// processRPC of grpc-go's server.go makes it. An error that says OK makes no error.
func handlerStatus(err error) error {
	if err == nil {
		return nil
	}
	st, ok := status.FromError(err)
	if !ok {
		st = status.FromContextError(err)
	}
	return st.Err()
}

// contextStatus returns the status of an RPC whose context has ended.
func contextStatus(ctx context.Context) error {
	if context.Cause(ctx) == grpc.ErrClientConnClosing {
		return grpc.ErrClientConnClosing
	}
	return status.FromContextError(ctx.Err()).Err()
}

const statusDetails = "grpc-status-details-bin"

// withDetails adds to a trailer what a network's carries for a status with details.
func withDetails(trailer metadata.MD, err error) metadata.MD {
	st, _ := status.FromError(err)
	if len(st.Proto().GetDetails()) == 0 {
		return trailer
	}
	data, marshalErr := proto.Marshal(st.Proto())
	if marshalErr != nil {
		return trailer
	}
	if trailer == nil {
		trailer = metadata.MD{}
	}
	trailer[statusDetails] = []string{string(data)}
	return trailer
}
