//go:build !race

package random_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// The functions in this file describe what differs for a reason that docs/differences.md has, so that
// it is the same on both sides.

// errorText describes an error of the call's client. If the second client is closed while the server
// stops, its RPCs end with Unavailable on a network and with Canceled on a Channel.
func (c *call) errorText(err error) string {
	text := errorText(err)
	if c.callSpec.client == 1 && c.stopped.Load() && c.secondClosed.Load() {
		switch text {
		case `Unavailable("stopped")`, `Canceled("grpc: the client connection is closing")`:
			return "closed while the server stops"
		}
	}
	return text
}

// endAfter ends the call if err says that there was a second response where only one is allowed. A network
// leaves the stream open, and a Channel ends it.
func (c *call) endAfter(err error) {
	if !c.serverStreams && strings.HasPrefix(status.Convert(err).Message(), "cardinality violation: expected <EOF>") {
		c.cancel()
		c.endOver()
	}
}

// mayMissTrailer reports whether the trailer of a network may wait behind a large message that the
// client does not receive.
func (c *call) mayMissTrailer() bool {
	return messages[c.message].isLarge && slices.Contains(c.defaults, limitsReceived)
}

// endText describes the error of a handler's SendMsg or SendHeader, or of a stats handler's End.
// After the server has been stopped, that of an RPC that has been canceled is Unavailable on a
// network and Canceled on a Channel.
func (r *run) endText(err error) string {
	if r.bubble && err != nil {
		time.Sleep(time.Nanosecond) // Who stops the server now, because the RPC has ended, has begun to.
	}
	text := errorText(err)
	if r.stopped.Load() {
		switch text {
		case `Unavailable("stopped")`, `Canceled("context canceled")`, `Canceled("grpc: the client connection is closing")`:
			return "ended"
		}
	}
	return text
}

// sentText is endText for the handler's side, where ctx may have a deadline from a stats handler.
func (r *run) sentText(ctx context.Context, err error) string {
	text := r.endText(err)
	if r.stopped.Load() && status.Code(err) == codes.DeadlineExceeded && ctx.Err() == context.DeadlineExceeded {
		return "ended"
	}
	return r.atDeadline(ctx, err, text)
}

// atDeadline returns text, which describes an error on the handler's side. In real time, the contexts
// of a network's handlers end with Canceled or DeadlineExceeded at the deadline, and if a handler computes
// on the only processor, nearly always with the one that a Channel never has; see docs/differences.md.
func (r *run) atDeadline(ctx context.Context, err error, text string) string {
	deadline, ok := ctx.Deadline()
	if r.bubble || !ok || time.Now().Before(deadline) {
		return text
	}
	switch status.Convert(err).Message() {
	case context.Canceled.Error(), context.DeadlineExceeded.Error():
		return "ended at the deadline"
	}
	return text
}

// peerText says whether there is a peer, and whether somebody has changed its address.
func (c *call) peerText(p *peer.Peer) string {
	if p == nil || p.Addr == nil {
		return "none"
	}
	other, isChanged := p.Addr.(changedAddr)
	switch {
	case !isChanged:
		return "usual"
	case c.side.inProcess && other.call != c:
		return "changed by another call"
	case slices.Contains(c.clientInterceptors, callsTwice):
		return "usual" // On a network, both attempts share a peer.
	case other.call == c || c.peerChanged.Load(): // On a network, the calls of a connection share a peer.
		return "changed"
	}
	return "usual"
}
