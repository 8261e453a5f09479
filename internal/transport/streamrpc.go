package transport

import "google.golang.org/grpc/metadata"

// A streamRPC is what the halves of a streaming RPC share.
type streamRPC struct {
	link
	client *Client

	toServer, toClient queue
	headerDone         chan struct{} // closed when there is a header, or will be none
	answer             answer
	handlerContext     handlerContext

	ended chan struct{} // closed when the server has answered; err is valid then
	err   error
}

func (rpc *streamRPC) Value(key any) any {
	if key == (linkKey{}) {
		return rpc
	}
	return rpc.Context.Value(key)
}

// end answers the RPC, once, unless its client has gone: then that is its end.
func (rpc *streamRPC) end(err error) {
	if rpc.Context.Err() != nil || !rpc.answer.end(err) {
		return
	}
	rpc.err = arrival(err, rpc.answer.trailer)
	close(rpc.ended)
	rpc.toClient.closeWrite()
	if !rpc.answer.headerSent {
		close(rpc.headerDone) // last, so that who has waited for it finds the end
	}
	rpc.toServer.closeRead()
}

// contextEnded tells who waits for the other side.
func (rpc *streamRPC) contextEnded() {
	rpc.toServer.contextEnded()
	rpc.toClient.contextEnded()
}

// trailer returns the trailer and whether the server has answered.
func (rpc *streamRPC) trailer() (metadata.MD, bool) {
	select {
	case <-rpc.ended:
		return rpc.answer.trailer, true
	default:
		return nil, false
	}
}
