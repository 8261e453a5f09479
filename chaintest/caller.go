package chaintest

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// A callerConn records RPCs as the caller sees them.
type callerConn struct {
	conn     grpc.ClientConnInterface
	recorder *recorder
}

func (c callerConn) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	invoke := func(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
		return c.conn.Invoke(ctx, method, req, reply, opts...)
	}
	return c.recorder.unaryClient(caller)(ctx, method, req, reply, nil, invoke, opts...)
}

func (c callerConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	open := func(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return c.conn.NewStream(ctx, desc, method, opts...)
	}
	return c.recorder.streamClient(caller)(ctx, desc, nil, method, open, opts...)
}

// Unwrap returns the connection that calls would have without a recorder, for
// code that looks for a layer with inprocchain.As or inprocchain.Unwrap.
func (c callerConn) Unwrap() grpc.ClientConnInterface { return c.conn }

// returnedToCaller records how the RPC of an attempt ended for its caller.
func (r *recorder) returnedToCaller(a *attempt, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.rpc.returned {
		return
	}
	a.rpc.returned, a.rpc.code = true, status.Code(err)
	if r.clientOnly {
		a.client.ended, a.client.code = true, status.Code(err)
	}
	r.signalChange()
}
