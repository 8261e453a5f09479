package rpc

import (
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain/internal/message"
	"github.com/inprocchain/inprocchain/internal/wire"
)

// What the caller has received so far of a transportStream.

// receivedHeader returns a copy of the header, or nil if the client has received none.
func (t *transportStream) receivedHeader() metadata.MD {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.headerSent || t.headerLost {
		return nil
	}
	return wire.ResponseHeader(t.header, t.format.contentType)
}

// receivedTrailer returns a copy of the trailer, which is empty if the client has received
// none. Without a header, it has the content type.
func (t *transportStream) receivedTrailer() metadata.MD {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.trailerArrived || t.headerLost {
		return metadata.MD{}
	}
	return t.arrivedTrailer()
}

// trailerOfStats returns a copy of the trailer as stats handlers see it: it arrives even
// after a header that the client cannot read.
func (t *transportStream) trailerOfStats() metadata.MD {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.arrivedTrailer()
}

// arrivedTrailer returns a copy of the trailer. The caller holds the lock.
func (t *transportStream) arrivedTrailer() metadata.MD {
	if t.trailersOnly {
		return wire.ResponseHeader(t.arrived, t.format.contentType)
	}
	return t.arrived.Copy()
}

// arrival says what has arrived of the header and the trailer.
type arrival struct {
	header, trailer bool
	isOver          bool
}

// arrival returns what has arrived.
func (t *transportStream) arrival() arrival {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.arrivalLocked()
}

func (t *transportStream) arrivalLocked() arrival {
	return arrival{
		header:  t.headerSent && !t.headerLost,
		trailer: t.trailerArrived,
		isOver:  t.isOver(),
	}
}

// takeResponse returns the status of a unary RPC that has ended, and its response, if one
// has arrived.
func (t *transportStream) takeResponse() (response message.Copy, ok bool, status error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	response, ok, status = t.response, t.hasResponse && !t.headerLost, t.status
	t.response = message.Copy{}
	if status == nil && !t.hasResponse {
		status = wire.ErrNoResponse
	}
	return response, ok, status
}
