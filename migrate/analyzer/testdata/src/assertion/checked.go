package assertion

import (
	"errors"

	ig "github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

type channel = ig.Channel

func checked(conn grpc.ClientConnInterface) (*channel, error) {
	if inner, ok := conn.(*ig.Channel); ok { // want `this assertion misses a wrapped channel; use inprocchain.As\[\*inprocgrpc.Channel\], which sees through wrappers`
		return inner, nil
	}
	inner, ok := conn.(*channel) // want `misses a wrapped channel`
	if !ok {
		return nil, errors.New("not in process")
	}
	return inner, nil
}

type holder struct {
	conn grpc.ClientConnInterface
	in   *ig.Channel
}

func (h *holder) assigned() bool {
	var ok bool
	h.in, ok = h.conn.(*ig.Channel) // want `misses a wrapped channel`
	if !ok {
		h.conn, ok = h.conn.(*ig.Channel) // want `misses a wrapped channel`
	}
	var _, again = (h.conn).(*ig.Channel) // want `misses a wrapped channel`
	_, other := (h.conn.(*ig.Channel))    // want `misses a wrapped channel`
	_, _ = h.conn.(*ig.Channel)           // want `misses a wrapped channel`
	return ok && again && other
}

type boolean bool

func kept(conn grpc.ClientConnInterface) (ok boolean) {
	_, ok = conn.(*ig.Channel)             // want `misses a wrapped channel.*not rewritten: its second result is not assigned to a plain bool`
	var in, found any = conn.(*ig.Channel) // want `misses a wrapped channel.*not rewritten: its second result`
	_, _ = in, found
	_, also := conn.( /* in process? */ *ig.Channel) // want `misses a wrapped channel.*not rewritten: a comment would be lost`
	return ok && boolean(also)
}
