package transport

import (
	"reflect"
	"strings"
	"sync/atomic"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// methods knows which methods a channel serves.
type methods struct {
	ch    *inprocgrpc.Channel
	known atomic.Pointer[known]
}

type known struct {
	services map[string]bool
	methods  map[string]methodKind // by full method
}

type methodKind int

const (
	unaryMethod methodKind = iota + 1
	streamMethod
)

// check returns nil if the channel serves the method, and otherwise what a
// network server would answer, with the texts of grpc-go's server.go (handleStream).
func (m *methods) check(fullMethod string, kind methodKind) error {
	if known := m.known.Load(); known != nil && known.methods[fullMethod] == kind {
		return nil
	}
	known := m.read()
	got := known.methods[fullMethod]
	if got == kind {
		return nil
	}
	name, ok := strings.CutPrefix(fullMethod, "/")
	name = string([]rune(name)) // in UTF-8, as a status is
	pos := strings.LastIndex(name, "/")
	if !ok || pos < 0 {
		return status.Errorf(codes.Unimplemented, "malformed method name: %q", fullMethod)
	}
	service, method := name[:pos], name[pos+1:]
	switch {
	case got == unaryMethod:
		return status.Errorf(codes.Unimplemented, "inprocchain: method %v of service %v is unary; call it with Invoke, not NewStream", method, service)
	case got == streamMethod:
		return status.Errorf(codes.Unimplemented, "inprocchain: method %v of service %v is streaming; call it with NewStream, not Invoke", method, service)
	}
	if !known.services[service] {
		return status.Errorf(codes.Unimplemented, "unknown service %v", service)
	}
	return status.Errorf(codes.Unimplemented, "unknown method %v for service %v", method, service)
}

// read returns what is registered. It reads the channel's services anew only if
// more have been registered meanwhile, past us: callers may ask for what is
// unknown as often as they like.
func (m *methods) read() *known {
	if last := m.known.Load(); last != nil && len(last.services) == m.registered() {
		return last
	}
	now := &known{services: map[string]bool{}, methods: map[string]methodKind{}}
	for service, info := range m.ch.GetServiceInfo() {
		now.services[service] = true
		for _, method := range info.Methods {
			kind := unaryMethod
			if method.IsClientStream || method.IsServerStream {
				kind = streamMethod
			}
			now.methods["/"+service+"/"+method.Name] = kind
		}
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
