package rpc

import (
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/message"
)

// methods knows the methods of the services that are registered on a channel.
type methods struct {
	registered *grpchan.HandlerMap // the channel's own
	known      atomic.Pointer[methodTable]
}

type methodTable struct {
	services int
	methods  map[string]*method // by full method
}

// A method has either unary or stream.
type method struct {
	impl   any
	unary  grpc.MethodHandler
	stream *grpc.StreamDesc

	requests, responses message.Pool
}

// HandlersOf returns the services that are registered on ch, or nil if this
// version of grpchan keeps them elsewhere.
//
// inprocgrpc does not export them. This is the only place where the project gets at an
// unexported field of another package in order to change it; see registerAgain.
func HandlersOf(ch *inprocgrpc.Channel) *grpchan.HandlerMap {
	field := reflect.ValueOf(ch).Elem().FieldByName("handlers")
	if !field.IsValid() || field.Type() != reflect.TypeFor[grpchan.HandlerMap]() {
		return nil
	}
	return (*grpchan.HandlerMap)(field.Addr().UnsafePointer())
}

// Register registers a service on the channel. Its streaming handlers refuse to run
// once somebody has set a hook of the channel: an RPC that is made on the channel
// itself may then pass by all else that could refuse it.
func (s *Server) Register(desc *grpc.ServiceDesc, impl any) {
	guarded := *desc
	guarded.Streams = slices.Clone(desc.Streams)
	for i := range guarded.Streams {
		handler := guarded.Streams[i].Handler
		guarded.Streams[i].Handler = func(srv any, stream grpc.ServerStream) error {
			if err := s.checkHooks(); err != nil {
				return err
			}
			return handler(srv, stream)
		}
	}
	s.inproc.RegisterService(&guarded, impl)
}

// registerAgain registers the services that the channel has already, like [Server.Register].
func (s *Server) registerAgain() {
	impls := map[*grpc.ServiceDesc]any{}
	s.methods.registered.ForEach(func(desc *grpc.ServiceDesc, impl any) { impls[desc] = impl })
	for desc, impl := range impls {
		delete(*s.methods.registered, desc.ServiceName)
		s.Register(desc, impl)
	}
}

// isRead reports whether an RPC has looked for a method.
func (m *methods) isRead() bool { return m.known.Load() != nil }

// find returns a method by its full name. For an unknown one, the error is the
// status that a network server answers with, as handleStream of grpc-go's
// server.go makes it, and isTagged reports whether the server's stats handlers tag
// the RPC before.
func (m *methods) find(fullMethod string) (found *method, isTagged bool, err error) {
	if known := m.known.Load(); known != nil {
		if found := known.methods[fullMethod]; found != nil {
			return found, true, nil
		}
	}
	if found := m.read().methods[fullMethod]; found != nil {
		return found, true, nil
	}
	name, ok := strings.CutPrefix(fullMethod, "/")
	name = string([]rune(name)) // valid UTF-8, as a status is
	slash := strings.LastIndex(name, "/")
	if !ok || slash < 0 {
		return nil, false, status.Errorf(codes.Unimplemented, "malformed method name: %q", fullMethod)
	}
	service, method := name[:slash], name[slash+1:]
	if desc, _ := m.registered.QueryService(service); desc == nil {
		return nil, true, status.Errorf(codes.Unimplemented, "unknown service %v", service)
	}
	return nil, true, status.Errorf(codes.Unimplemented, "unknown method %v for service %v", method, service)
}

// has reports whether the service of a full method is registered.
func (m *methods) has(fullMethod string) bool {
	slash := strings.LastIndex(fullMethod, "/")
	if slash <= 0 {
		return false
	}
	desc, _ := m.registered.QueryService(fullMethod[1:slash])
	return desc != nil
}

// read returns the methods that are registered. It reads the services again only
// if there are more of them, since callers may ask for unknown methods as often as
// they like.
func (m *methods) read() *methodTable {
	if last := m.known.Load(); last != nil && last.services == len(*m.registered) {
		return last
	}
	table := &methodTable{services: len(*m.registered), methods: map[string]*method{}}
	m.registered.ForEach(func(desc *grpc.ServiceDesc, impl any) {
		prefix := "/" + desc.ServiceName + "/"
		for i := range desc.Methods {
			table.methods[prefix+desc.Methods[i].MethodName] = &method{impl: impl, unary: desc.Methods[i].Handler}
		}
		for i := range desc.Streams {
			table.methods[prefix+desc.Streams[i].StreamName] = &method{impl: impl, stream: &desc.Streams[i]}
		}
	})
	m.known.Store(table)
	return table
}
