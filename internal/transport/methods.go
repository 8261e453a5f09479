package transport

import (
	"strings"
	"sync/atomic"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// methods knows which methods a channel serves.
type methods struct {
	ch    *inprocgrpc.Channel
	known atomic.Pointer[map[string]methodKind] // by full method
}

type methodKind int

const (
	unaryMethod methodKind = iota + 1
	streamMethod
)

// check returns nil if the channel serves the method, and otherwise what a
// network server would answer, with the texts of grpc-go's server.go (handleStream).
func (m *methods) check(fullMethod string, kind methodKind) error {
	got := m.lookup(fullMethod)
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
	if _, ok := m.ch.GetServiceInfo()[service]; !ok {
		return status.Errorf(codes.Unimplemented, "unknown service %v", service)
	}
	return status.Errorf(codes.Unimplemented, "unknown method %v for service %v", method, service)
}

// lookup reads the channel's services anew for a method it does not know, which
// may have been registered meanwhile, past us.
func (m *methods) lookup(fullMethod string) methodKind {
	if known := m.known.Load(); known != nil {
		if kind, ok := (*known)[fullMethod]; ok {
			return kind
		}
	}
	known := map[string]methodKind{}
	for service, info := range m.ch.GetServiceInfo() {
		for _, method := range info.Methods {
			kind := unaryMethod
			if method.IsClientStream || method.IsServerStream {
				kind = streamMethod
			}
			known["/"+service+"/"+method.Name] = kind
		}
	}
	m.known.Store(&known)
	return known[fullMethod]
}
