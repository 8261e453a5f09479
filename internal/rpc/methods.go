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
)

// methods knows the methods of the services that are registered on a channel.
type methods struct {
	registered *grpchan.HandlerMap // the channel's own
	known      atomic.Pointer[methodTable]
}

type methodTable struct {
	services map[string]bool
	methods  map[string]*method // by full method
}

// A method has either unary or stream.
type method struct {
	impl   any
	unary  grpc.MethodHandler
	stream *grpc.StreamDesc
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

// find returns a method by its full name. For an unknown one, it returns the handler's half
// of its RPCs, with the status that a network server answers with, as handleStream of
// grpc-go's server.go makes it.
func (m *methods) find(fullMethod string) (found *method, unserved *unservedCall) {
	known := m.read()
	if found := known.methods[fullMethod]; found != nil {
		return found, nil
	}
	name, ok := strings.CutPrefix(fullMethod, "/")
	name = string([]rune(name)) // valid UTF-8, as a status is
	slash := strings.LastIndex(name, "/")
	if !ok || slash < 0 {
		err := status.Errorf(codes.Unimplemented, "malformed method name: %q", fullMethod)
		return nil, &unservedCall{err: err, isParsed: true}
	}
	service, method := name[:slash], name[slash+1:]
	err := status.Errorf(codes.Unimplemented, "unknown service %v", service)
	if known.services[service] {
		err = status.Errorf(codes.Unimplemented, "unknown method %v for service %v", method, service)
	}
	return nil, &unservedCall{err: err, isParsed: true, isTagged: true}
}

// has reports whether the service of a full method is registered.
func (m *methods) has(fullMethod string) bool {
	slash := strings.LastIndex(fullMethod, "/")
	return slash > 0 && m.read().services[fullMethod[1:slash]]
}

// read returns the methods of the services that were registered when it was first called.
// RPCs never read the map of the channel, which somebody may write to.
func (m *methods) read() *methodTable {
	if known := m.known.Load(); known != nil {
		return known
	}
	table := &methodTable{services: map[string]bool{}, methods: map[string]*method{}}
	m.registered.ForEach(func(desc *grpc.ServiceDesc, impl any) {
		table.services[desc.ServiceName] = true
		for i := range desc.Streams {
			table.add(desc.ServiceName, desc.Streams[i].StreamName, &method{impl: impl, stream: &desc.Streams[i]})
		}
		for i := range desc.Methods { // A unary method takes precedence, as in grpc-go.
			table.add(desc.ServiceName, desc.Methods[i].MethodName, &method{impl: impl, unary: desc.Methods[i].Handler})
		}
	})
	m.known.CompareAndSwap(nil, table)
	return m.known.Load()
}

// add adds a method. A full method is split at its last slash, so a name with a slash cannot
// be called.
func (t *methodTable) add(service, name string, m *method) {
	if !strings.Contains(name, "/") {
		t.methods["/"+service+"/"+name] = m
	}
}
