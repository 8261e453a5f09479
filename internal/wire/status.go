package wire

import (
	"context"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// Logger logs mistakes of a handler that no error reports, with the texts of grpc-go.
var Logger = grpclog.Component("inprocchain")

// Errors that grpc-go makes in stream.go, server.go and internal/transport.
var (
	ErrNoResponse       = status.Error(codes.Internal, "cardinality violation: received no response message from non-server-streaming RPC")
	ErrSecondResponse   = status.Error(codes.Internal, "cardinality violation: expected <EOF> for non server-streaming RPCs, but received another message")
	ErrNoRequest        = status.Error(codes.Internal, "cardinality violation: received no request message from non-client-streaming RPC")
	ErrSecondRequest    = status.Error(codes.Internal, "cardinality violation: received multiple request messages for non-client-streaming RPC")
	ErrSendAfterClose   = status.Error(codes.Internal, "SendMsg called after CloseSend")
	ErrHeaderSent       = status.Error(codes.Internal, "transport: SendHeader called multiple times")
	ErrReset            = status.Error(codes.Internal, "stream terminated by RST_STREAM with error code: PROTOCOL_ERROR")
	ErrDeadlineExceeded = status.FromContextError(context.DeadlineExceeded).Err()
	ErrCanceled         = status.FromContextError(context.Canceled).Err()
)

// ErrNoStatus is the error of an RPC whose handler ends its goroutine.
var ErrNoStatus = status.Error(codes.Internal, "inprocchain: the handler's goroutine ended without returning; does the handler call runtime.Goexit, as t.FailNow does?")

// ErrClientConnClosing is the error of RPCs on a closed ClientConn. The variable of
// grpc-go is deprecated.
var ErrClientConnClosing = status.Error(codes.Canceled, "grpc: the client connection is closing")

// ErrClosingBeforeHeader is the error that stats handlers receive instead if the caller
// waits for the header.
var ErrClosingBeforeHeader = status.Error(codes.Unavailable, ErrClientConnClosing.Error())

// ErrTransportClosing is the error of a handler that sends after the connection of its
// client has been closed. It is ErrConnClosing of grpc-go's internal/transport.
var ErrTransportClosing = status.Error(codes.Unavailable, "transport is closing")

// CheckCode returns the status that a client receives instead of st if it cannot read the
// code. Then it does not receive the trailer either. st may be nil.
func CheckCode(st *status.Status) error {
	if code := st.Code(); code > math.MaxInt32 {
		return status.Errorf(codes.Unknown, "transport: malformed grpc-status: strconv.ParseInt: parsing \"%d\": value out of range", code)
	}
	return nil
}

// CheckReceivedSize returns the status for a received message that is larger than limit. The
// text is that of recv in grpc-go's rpc_util.go.
func CheckReceivedSize(size, limit int) error {
	if size <= limit {
		return nil
	}
	return status.Errorf(codes.ResourceExhausted, "grpc: received message larger than max (%d vs. %d)", size, limit)
}

// HandlerStatus returns the error that stats handlers see for an RPC whose handler
// returned err. It returns an error that has a status unchanged. It follows processRPC
// of grpc-go's server.go.
func HandlerStatus(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.FromContextError(err).Err()
}

// ReceivedStatus returns the error that a client receives if a server sends st, which may be
// nil, with the trailer. If the code is OK it is nil. It follows writeStatus of grpc-go's
// internal/transport/http2_server.go and NewWithProto of internal/status.
func ReceivedStatus(st *status.Status, trailer metadata.MD) error {
	details := trailer[statusDetailsKey]
	if st == nil && len(details) == 0 {
		return nil
	}
	code, message := st.Code(), string([]rune(st.Message())) // valid UTF-8
	full := status.New(code, message).Proto()
	if len(details) != 1 || proto.Unmarshal([]byte(details[0]), full) != nil {
		return status.Error(code, message)
	}
	if full.GetCode() != int32(code) {
		return status.Errorf(codes.Internal, "grpc-status-details-bin mismatch: grpc-status=%v, grpc-message=%q, grpc-status-details-bin=%+v", code, message, full)
	}
	return status.FromProto(full).Err()
}

// ContextStatus returns the status of an RPC whose context has ended.
func ContextStatus(ctx context.Context) error {
	switch err := ctx.Err(); err {
	case context.Canceled, context.DeadlineExceeded:
		return status.FromContextError(err).Err()
	default: // as ContextErr of grpc-go's internal/transport/transport.go
		return status.Errorf(codes.Internal, "Unexpected error from context packet: %v", err)
	}
}

const statusDetailsKey = "grpc-status-details-bin"

// HasDetails reports whether st, which may be nil, has details.
func HasDetails(st *status.Status) bool { return st != nil && len(st.Proto().GetDetails()) > 0 }

// WithoutDetails deletes the key of the status details from trailer, and returns
// trailer.
func WithoutDetails(trailer metadata.MD) metadata.MD {
	delete(trailer, statusDetailsKey)
	return trailer
}

// WithDetails returns trailer with the details of st, which may be nil, encoded as on a
// network. It may change trailer.
func WithDetails(trailer metadata.MD, st *status.Status) metadata.MD {
	if !HasDetails(st) {
		return trailer
	}
	data, marshalErr := proto.Marshal(st.Proto())
	if marshalErr != nil {
		Logger.Errorf("Failed to marshal rpc status: %v, error: %v", st.Proto(), marshalErr)
		return trailer
	}
	if trailer == nil {
		trailer = metadata.MD{}
	}
	trailer[statusDetailsKey] = []string{string(data)}
	return trailer
}
