package transport

import (
	"context"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// ErrNoAnswer is how an RPC ends whose handler ends its goroutine.
var ErrNoAnswer = status.Error(codes.Internal, "inprocchain: the handler's goroutine ended without an answer; does it call runtime.Goexit, as t.FailNow does?")

var (
	errNoResponse  = status.Error(codes.Internal, "cardinality violation: received no response message from non-server-streaming RPC")
	errMoreAnswers = status.Error(codes.Internal, "cardinality violation: expected <EOF> for non server-streaming RPCs, but received another message")
	errNoRequest   = status.Error(codes.Internal, "cardinality violation: received no request message from non-client-streaming RPC")
	errMoreAsked   = status.Error(codes.Internal, "cardinality violation: received multiple request messages for non-client-streaming RPC")
	errSendClosed  = status.Error(codes.Internal, "SendMsg called after CloseSend")
	errHeaderSent  = status.Error(codes.Internal, "transport: SendHeader called multiple times")
	errDone        = status.FromContextError(context.Canceled).Err() // as streamContextErr of internal/transport/http2_server.go
)

// handlerError returns what the observers of an RPC get whose handler returned
// err, as processRPC of grpc-go's server.go makes it: an error with a status
// stays what it is.
func handlerError(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.FromContextError(err).Err()
}

// arrival returns what err is for the client, as writeStatus of grpc-go's
// internal/transport/http2_server.go sends it, and NewWithProto of
// internal/status reads it. An error that says OK makes no error.
func arrival(err error, trailer metadata.MD) error {
	details := trailer[statusDetails]
	if err == nil && len(details) == 0 {
		return nil
	}
	st, _ := status.FromError(err)
	code, message := st.Code(), string([]rune(st.Message())) // in UTF-8
	if code > math.MaxInt32 {
		return status.Errorf(codes.Unknown, "transport: malformed grpc-status: strconv.ParseInt: parsing \"%d\": value out of range", code)
	}
	full := status.New(code, message).Proto()
	if len(details) != 1 || proto.Unmarshal([]byte(details[0]), full) != nil {
		return status.Error(code, message)
	}
	if full.GetCode() != int32(code) {
		return status.Errorf(codes.Internal, "grpc-status-details-bin mismatch: grpc-status=%v, grpc-message=%q, grpc-status-details-bin=%+v", code, message, full)
	}
	return status.FromProto(full).Err()
}

// unaryArrival is arrival for an RPC that must have a response.
func unaryArrival(err error, trailer metadata.MD) error {
	arrived := arrival(err, trailer)
	if arrived == nil && err != nil {
		return errNoResponse
	}
	return arrived
}

// ErrConnClosing is what RPCs on a ClientConn get that is closed; grpc-go's own
// is deprecated. A context that ends with this cause ends an RPC with it.
var ErrConnClosing = status.Error(codes.Canceled, "grpc: the client connection is closing")

// contextStatus returns the status of an RPC whose context has ended.
func contextStatus(ctx context.Context) error {
	if context.Cause(ctx) == ErrConnClosing {
		return ErrConnClosing
	}
	switch err := ctx.Err(); err {
	case context.Canceled, context.DeadlineExceeded:
		return status.FromContextError(err).Err()
	default: // as ContextErr of grpc-go's internal/transport/transport.go
		return status.Errorf(codes.Internal, "Unexpected error from context packet: %v", err)
	}
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
