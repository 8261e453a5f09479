package observe

import (
	"context"
	"maps"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// A Client calls a stats handler for one attempt at an RPC. It contains the first event
// of each type, because one allocation is cheaper than eight.
type Client struct {
	ctx     context.Context
	handler stats.Handler

	tag        stats.RPCTagInfo
	begin      stats.Begin
	outHeader  stats.OutHeader
	outPayload stats.OutPayload
	inHeader   stats.InHeader
	inPayload  stats.InPayload
	inTrailer  stats.InTrailer
	end        stats.End
}

// BeginClient calls handler for the beginning of an attempt. It returns nil if handler
// is nil. It follows newAttemptLocked of grpc-go's stream.go.
func BeginClient(ctx context.Context, handler stats.Handler, method string, failFast, clientStreams, serverStreams bool) *Client {
	if handler == nil {
		return nil
	}
	c := &Client{
		handler: handler,
		tag:     stats.RPCTagInfo{FullMethodName: method, FailFast: failFast},
		begin: stats.Begin{
			Client:         true,
			BeginTime:      time.Now(),
			FailFast:       failFast,
			IsClientStream: clientStreams,
			IsServerStream: serverStreams,
		},
	}
	c.ctx = handler.TagRPC(ctx, &c.tag)
	handler.HandleRPC(c.ctx, &c.begin)
	return c
}

// Context returns the context that TagRPC returned.
func (c *Client) Context() context.Context { return c.ctx }

// OutHeader calls the handler for the metadata that has been sent to a server. ctx, which
// also has the peer, is the context of this and all later events. common is the result of
// the function [OutHeader] for the connection. The caller must not use the values of sent
// afterwards.
func (c *Client) OutHeader(ctx context.Context, common stats.OutHeader, sent metadata.MD, userAgent string) {
	if c == nil {
		return
	}
	header := make(metadata.MD, len(sent)+1)
	maps.Copy(header, sent)
	header[wire.UserAgentKey] = []string{userAgent}
	c.ctx = ctx
	c.outHeader = common
	c.outHeader.FullMethod = c.tag.FullMethodName
	c.outHeader.Header = header
	c.handler.HandleRPC(c.ctx, &c.outHeader)
}

// OutPayload calls the handler for a message that has been sent.
func (c *Client) OutPayload(message any, size int) {
	if c == nil {
		return
	}
	event := &c.outPayload
	if !event.SentTime.IsZero() { // It was used for another message, and may have been kept.
		event = new(stats.OutPayload)
	}
	*event = stats.OutPayload{
		Client:           true,
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size + framing,
		SentTime:         time.Now(),
	}
	c.handler.HandleRPC(c.ctx, event)
}

// InPayload calls the handler for a message that has been received.
func (c *Client) InPayload(message any, size int) {
	if c == nil {
		return
	}
	event := &c.inPayload
	if !event.RecvTime.IsZero() { // as above
		event = new(stats.InPayload)
	}
	*event = stats.InPayload{
		Client:           true,
		Payload:          message,
		Length:           size,
		CompressedLength: size,
		WireLength:       size + framing,
		RecvTime:         time.Now(),
	}
	c.handler.HandleRPC(c.ctx, event)
}

// InHeader calls the handler for a header that has arrived. The caller must not use header
// afterwards.
func (c *Client) InHeader(header metadata.MD) {
	c.inHeader = stats.InHeader{Client: true, Header: header}
	c.handler.HandleRPC(c.ctx, &c.inHeader)
}

// InTrailer calls the handler for a trailer that has arrived. The caller must not use
// trailer afterwards.
func (c *Client) InTrailer(trailer metadata.MD) {
	c.inTrailer = stats.InTrailer{Client: true, Trailer: trailer}
	c.handler.HandleRPC(c.ctx, &c.inTrailer)
}

// End calls the handler for the end of the attempt. trailer is nil if nothing has been sent.
// The caller must not use trailer afterwards.
func (c *Client) End(trailer metadata.MD, err error) {
	if c == nil {
		return
	}
	c.end = stats.End{
		Client:    true,
		BeginTime: c.begin.BeginTime,
		EndTime:   time.Now(),
		Trailer:   trailer,
		Error:     err,
	}
	c.handler.HandleRPC(c.ctx, &c.end)
}
