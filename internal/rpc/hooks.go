package rpc

import (
	"reflect"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Hook is one of the fields that the With… methods of an inprocgrpc.Channel set.
// Each holds one value, so a second call replaces what the first one has set.
type Hook struct {
	Field  string // of inprocgrpc.Channel
	What   string // it holds
	Method string // of inprocgrpc.Channel, that sets it
	Option string // of inprocchain, to use instead
}

// The indexes of Hooks.
const (
	unaryHook = iota
	streamHook
	serverStatsHook
	clientStatsHook
	clonerHook
)

// Hooks is all the hooks.
var Hooks = []Hook{
	unaryHook:       {"unaryInterceptor", "a unary server interceptor", "WithServerUnaryInterceptor", "WithUnaryServerInterceptors"},
	streamHook:      {"streamInterceptor", "a stream server interceptor", "WithServerStreamInterceptor", "WithStreamServerInterceptors"},
	serverStatsHook: {"serverStatsHandler", "a server stats handler", "WithServerStatsHandler", "WithServerStatsHandlers"},
	clientStatsHook: {"clientStatsHandler", "a client stats handler", "WithClientStatsHandler", "WithClientStatsHandlers"},
	clonerHook:      {"cloner", "a cloner", "WithCloner", "WithCloner"},
}

// Of returns the field of ch. It reports false if inprocgrpc has no such field in
// this version of grpchan.
func (h Hook) Of(ch *inprocgrpc.Channel) (_ reflect.Value, ok bool) {
	field := reflect.ValueOf(ch).Elem().FieldByName(h.Field)
	return field, field.IsValid()
}

// HasChain reports whether ch has the hooks of a Server.
func HasChain(ch *inprocgrpc.Channel) bool {
	cloner, ok := Hooks[clonerHook].Of(ch)
	return ok && cloner.Elem().IsValid() && cloner.Elem().Type() == reflect.TypeFor[*directCloner]()
}

// installedHooks knows what the library has put into the hooks of a channel.
type installedHooks struct {
	unary, stream            reflect.Value
	serverStats, clientStats reflect.Value
	cloner                   reflect.Value

	unaryFunc, streamFunc uintptr
	ownCloner             *directCloner // It is kept, so that no other one has its address.
}

// install puts the server's part of direct RPCs into the hooks of its channel.
func (h *installedHooks) install(s *Server) {
	h.ownCloner = &directCloner{server: s}
	s.inproc.WithServerUnaryInterceptor(s.directUnary)
	s.inproc.WithServerStreamInterceptor(s.directStream)
	s.inproc.WithCloner(h.ownCloner)
	fields := reflect.ValueOf(s.inproc).Elem()
	h.unary, h.stream = fields.FieldByName(Hooks[unaryHook].Field), fields.FieldByName(Hooks[streamHook].Field)
	h.serverStats, h.clientStats = fields.FieldByName(Hooks[serverStatsHook].Field), fields.FieldByName(Hooks[clientStatsHook].Field)
	h.cloner = fields.FieldByName(Hooks[clonerHook].Field)
	h.unaryFunc, h.streamFunc = h.unary.Pointer(), h.stream.Pointer()
}

// replaced returns the hook that has been set since New or Wrap, or nil. It is called for
// each RPC, and reads only five words.
func (h *installedHooks) replaced() *Hook {
	switch {
	case h.unary.Pointer() != h.unaryFunc:
		return &Hooks[unaryHook]
	case h.stream.Pointer() != h.streamFunc:
		return &Hooks[streamHook]
	case !h.serverStats.IsNil():
		return &Hooks[serverStatsHook]
	case !h.clientStats.IsNil():
		return &Hooks[clientStatsHook]
	case !h.ownsCloner():
		return &Hooks[clonerHook]
	}
	return nil
}

func (h *installedHooks) ownsCloner() bool {
	cloner := h.cloner.Elem()
	return cloner.Kind() == reflect.Pointer && cloner.Pointer() == reflect.ValueOf(h.ownCloner).Pointer()
}

// Text says what has happened and what to do instead.
func (h *Hook) Text() string {
	return "inprocgrpc.Channel." + h.Method + " was called after New or Wrap and replaced a part of the chain; pass " + h.What + " to New or Wrap instead, with inprocchain." + h.Option
}

// Replaced returns the hook of the channel that has been set since New or Wrap, or nil.
func (s *Server) Replaced() *Hook { return s.hooks.replaced() }

// checkHooks returns the error of all RPCs if a hook has been set since New or Wrap, because
// an application that has lost its authentication must not serve.
func (s *Server) checkHooks() error {
	if hook := s.hooks.replaced(); hook != nil {
		return status.Error(codes.Internal, "inprocchain: "+hook.Text())
	}
	return nil
}
