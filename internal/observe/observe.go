// Package observe calls stats handlers for RPCs and connections, with the same events
// in the same order as grpc-go.
//
// A nil [Client] or [Server] is one without a stats handler. Its methods do nothing.
package observe

import (
	"context"
	"net"
	"reflect"

	"google.golang.org/grpc/stats"
)

// framing is the length of the prefix of each message on a network. It is
// headerLen of grpc-go's rpc_util.go.
const framing = 5

// Combine returns a stats handler that calls the given ones in order, as
// NewCombinedHandler of grpc-go's internal/stats does. It returns nil if there are none.
func Combine(handlers []stats.Handler) stats.Handler {
	switch len(handlers) {
	case 0:
		return nil
	case 1:
		return handlers[0]
	}
	return combined(handlers)
}

type combined []stats.Handler

func (c combined) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	for _, handler := range c {
		ctx = handler.TagRPC(ctx, info)
	}
	return ctx
}

func (c combined) HandleRPC(ctx context.Context, event stats.RPCStats) {
	for _, handler := range c {
		handler.HandleRPC(ctx, event)
	}
}

func (c combined) TagConn(ctx context.Context, info *stats.ConnTagInfo) context.Context {
	for _, handler := range c {
		ctx = handler.TagConn(ctx, info)
	}
	return ctx
}

func (c combined) HandleConn(ctx context.Context, event stats.ConnStats) {
	for _, handler := range c {
		handler.HandleConn(ctx, event)
	}
}

// BeginConn calls handler for the start of a connection, and returns the context
// of the connection. It returns ctx if handler is nil.
func BeginConn(ctx context.Context, handler stats.Handler, addr net.Addr, client bool) context.Context {
	if handler == nil {
		return ctx
	}
	ctx = handler.TagConn(ctx, &stats.ConnTagInfo{RemoteAddr: addr, LocalAddr: addr})
	handler.HandleConn(ctx, &stats.ConnBegin{Client: client})
	return ctx
}

// EndConn calls handler for the end of a connection whose context is ctx.
func EndConn(ctx context.Context, handler stats.Handler, client bool) {
	if handler != nil {
		handler.HandleConn(ctx, &stats.ConnEnd{Client: client})
	}
}

// authorityField is the index of OutHeader's field Authority, or nil before grpc-go
// v1.85.0, which added it.
var authorityField = func() []int {
	field, ok := reflect.TypeFor[stats.OutHeader]().FieldByName("Authority")
	if !ok {
		return nil
	}
	return field.Index
}()

// OutHeader returns the event of a client's header, with the fields that are the same
// for all RPCs on a connection.
func OutHeader(addr net.Addr, authority string) stats.OutHeader {
	event := stats.OutHeader{Client: true, RemoteAddr: addr, LocalAddr: addr}
	if authorityField != nil {
		reflect.ValueOf(&event).Elem().FieldByIndex(authorityField).SetString(authority)
	}
	return event
}
