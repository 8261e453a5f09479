package transport

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// answer collects the metadata that a handler sends, with the rules of
// grpc-go's internal/transport/server_stream.go. It is the
// [grpc.ServerTransportStream] of its RPC.
type answer struct {
	method string
	sent   func() // called once, when the header is sent; may be nil

	mu         sync.Mutex
	header     metadata.MD
	trailer    metadata.MD
	headerSent bool
	done       bool
}

// Method returns the RPC's full method.
func (a *answer) Method() string { return a.method }

// ClientGone reports whether a handler's context has ended without an answer.
func ClientGone(ctx context.Context, stream grpc.ServerTransportStream) bool {
	if ctx.Err() == nil {
		return false
	}
	a, ok := stream.(*answer)
	return !ok || !a.isDone()
}

func (a *answer) isDone() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.done
}

// SetHeader adds to the header.
func (a *answer) SetHeader(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.headerSent || a.done {
		return errHeaderSent
	}
	a.header = metadata.Join(a.header, md)
	return nil
}

// SendHeader adds to the header and sends it.
func (a *answer) SendHeader(md metadata.MD) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done {
		return errDone
	}
	if a.headerSent {
		return errHeaderSent
	}
	a.header = metadata.Join(a.header, md)
	a.sendHeader()
	return nil
}

// SetTrailer adds to the trailer.
func (a *answer) SetTrailer(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done {
		return errHeaderSent
	}
	a.trailer = metadata.Join(a.trailer, md)
	return nil
}

// message sends the header that must come before a message.
func (a *answer) message() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done {
		return errDone
	}
	if !a.headerSent {
		a.sendHeader()
	}
	return nil
}

// end sends what has not been sent. A header that is empty is left out, as in
// a trailers-only response. It reports false if the RPC had ended already.
func (a *answer) end(err error) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done {
		return false
	}
	if !a.headerSent && len(a.header) > 0 {
		a.sendHeader()
	}
	a.done = true
	a.trailer = withDetails(forWire(a.trailer), err)
	return true
}

// sentHeader returns the header if it has been sent, after which it is not written.
func (a *answer) sentHeader() (metadata.MD, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.headerSent {
		return nil, false
	}
	return a.header, true
}

func (a *answer) sendHeader() {
	a.headerSent = true
	a.header = forWire(a.header)
	if a.sent != nil {
		a.sent()
	}
}
