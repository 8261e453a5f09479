package transport

import (
	"maps"
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// methods knows which methods a channel serves.
type methods struct {
	ch    *inprocgrpc.Channel
	ours  byKind // registered with us
	known atomic.Pointer[known]
}

type known struct {
	services map[string]bool
	methods  byKind
}

// byKind has methods by their full names.
type byKind [2]map[string]*method

type methodKind int

const (
	unaryMethod methodKind = iota
	streamMethod
)

// A method has what its kind says, or nothing if its service has been registered
// below: inprocgrpc shows nobody what serves it.
type method struct {
	impl   any
	unary  grpc.MethodHandler
	stream *grpc.StreamDesc
}

// register notes what serves the methods of a service. It must not run beside RPCs.
func (m *methods) register(desc *grpc.ServiceDesc, impl any) {
	prefix := "/" + desc.ServiceName + "/"
	for _, unary := range desc.Methods {
		m.ours[unaryMethod][prefix+unary.MethodName] = &method{impl: impl, unary: unary.Handler}
	}
	for _, stream := range desc.Streams {
		m.ours[streamMethod][prefix+stream.StreamName] = &method{impl: impl, stream: &stream}
	}
}

// find returns the method if the channel serves it, and otherwise what a network
// server would answer, with the texts of grpc-go's server.go (handleStream).
func (m *methods) find(fullMethod string, kind methodKind) (*method, error) {
	if known := m.known.Load(); known != nil {
		if found := known.methods[kind][fullMethod]; found != nil {
			return found, nil
		}
	}
	known := m.read()
	if found := known.methods[kind][fullMethod]; found != nil {
		return found, nil
	}
	name, ok := strings.CutPrefix(fullMethod, "/")
	name = string([]rune(name)) // in UTF-8, as a status is
	pos := strings.LastIndex(name, "/")
	if !ok || pos < 0 {
		return nil, status.Errorf(codes.Unimplemented, "malformed method name: %q", fullMethod)
	}
	service, method := name[:pos], name[pos+1:]
	switch {
	case known.methods[unaryMethod][fullMethod] != nil:
		return nil, status.Errorf(codes.Unimplemented, "inprocchain: method %v of service %v is unary; call it with Invoke, not NewStream", method, service)
	case known.methods[streamMethod][fullMethod] != nil:
		return nil, status.Errorf(codes.Unimplemented, "inprocchain: method %v of service %v is streaming; call it with NewStream, not Invoke", method, service)
	}
	if !known.services[service] {
		return nil, status.Errorf(codes.Unimplemented, "unknown service %v", service)
	}
	return nil, status.Errorf(codes.Unimplemented, "unknown method %v for service %v", method, service)
}

// read returns what is registered. It reads the channel's services anew only if
// more have been registered meanwhile, below: callers may ask for what is
// unknown as often as they like.
func (m *methods) read() *known {
	if last := m.known.Load(); last != nil && len(last.services) == m.registered() {
		return last
	}
	now := &known{services: map[string]bool{}, methods: byKind{{}, {}}}
	for service, info := range m.ch.GetServiceInfo() {
		now.services[service] = true
		for _, info := range info.Methods {
			kind := unaryMethod
			if info.IsClientStream || info.IsServerStream {
				kind = streamMethod
			}
			now.methods[kind]["/"+service+"/"+info.Name] = &method{}
		}
	}
	for kind, ours := range m.ours {
		maps.Copy(now.methods[kind], ours)
	}
	m.known.Store(now)
	return now
}

// registered returns how many services there are, of which inprocgrpc tells
// only with all their methods; -1 if this grpchan keeps them elsewhere.
func (m *methods) registered() int {
	handlers := reflect.ValueOf(m.ch).Elem().FieldByName("handlers")
	if handlers.Kind() != reflect.Map {
		return -1
	}
	return handlers.Len()
}
