package rpc

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// methods knows the methods of the services that are registered on a channel.
type methods struct {
	registered *grpchan.HandlerMap           // the channel's own
	guarded    map[*grpc.ServiceDesc]service // what was given to Register, by what is registered
	reading    sync.Once                     // so that the map is read once
	known      atomic.Pointer[methodTable]
}

// A service is what RegisterService gets.
type service struct {
	desc *grpc.ServiceDesc
	impl any
}

// A wrapper of an implementation is registered on the channel.
type wrapper struct{ impl any }

type methodTable struct {
	first    string // the full method of the first RPC
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

// Register registers a service on the channel. Its handlers refuse to run on the channel
// itself once somebody has set a hook of the channel: an RPC that is made there may then pass
// by all else that could refuse it. impl may be nil, which the channel does not accept, so it
// gets a wrapper of it.
func (s *Server) Register(desc *grpc.ServiceDesc, impl any) {
	guarded := *desc
	guarded.HandlerType = (*any)(nil)
	guarded.Methods = slices.Clone(desc.Methods)
	for i := range guarded.Methods {
		handler := guarded.Methods[i].Handler
		guarded.Methods[i].Handler = func(_ any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			if err := s.checkHooks(); err != nil {
				return nil, err
			}
			return handler(impl, ctx, decode, interceptor)
		}
	}
	guarded.Streams = slices.Clone(desc.Streams)
	for i := range guarded.Streams {
		handler := guarded.Streams[i].Handler
		guarded.Streams[i].Handler = func(_ any, stream grpc.ServerStream) error {
			if err := s.checkHooks(); err != nil {
				return err
			}
			return handler(impl, stream)
		}
	}
	s.inproc.RegisterService(&guarded, wrapper{impl})
	s.methods.guarded[&guarded] = service{desc, impl}
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

// ForEachService calls f for each service that is registered, as it was registered.
func (s *Server) ForEachService(f func(desc *grpc.ServiceDesc, impl any)) { s.methods.forEach(f) }

func (m *methods) forEach(f func(desc *grpc.ServiceDesc, impl any)) {
	m.registered.ForEach(func(desc *grpc.ServiceDesc, impl any) {
		if given, ok := m.guarded[desc]; ok {
			desc, impl = given.desc, given.impl
		}
		f(desc, impl)
	})
}

// firstRPC returns the full method of the first RPC, or "" if there was none.
func (m *methods) firstRPC() string {
	if known := m.known.Load(); known != nil {
		return known.first
	}
	return ""
}

// find returns a method by its full name. For an unknown one, it returns the handler's half
// of its RPCs, with the status that a network server answers with, as handleStream of
// grpc-go's server.go makes it.
func (m *methods) find(fullMethod string) (found *method, unserved *unservedCall) {
	known := m.read(fullMethod)
	if found := known.methods[fullMethod]; found != nil {
		return found, nil
	}
	if !wire.IsPath(fullMethod) {
		return nil, &unservedCall{err: wire.ErrReset}
	}
	name, ok := strings.CutPrefix(fullMethod, "/")
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
	return nil, &unservedCall{err: err, isTagged: true}
}

// has reports whether the service of a full method is registered.
func (m *methods) has(fullMethod string) bool {
	return m.read(fullMethod).services[serviceOf(fullMethod)]
}

// serviceOf returns the service of a full method, or "" if it is malformed.
func serviceOf(fullMethod string) string {
	slash := strings.LastIndex(fullMethod, "/")
	if slash <= 0 {
		return ""
	}
	return fullMethod[1:slash]
}

// read returns the methods of the services that were registered at the first RPC, which is
// fullMethod if there was none. RPCs never read the map of the channel, which somebody may
// write to.
func (m *methods) read(fullMethod string) *methodTable {
	m.reading.Do(func() { m.known.Store(m.table(fullMethod)) })
	return m.known.Load()
}

func (m *methods) table(fullMethod string) *methodTable {
	table := &methodTable{first: fullMethod, services: map[string]bool{}, methods: map[string]*method{}}
	m.forEach(func(desc *grpc.ServiceDesc, impl any) {
		table.services[desc.ServiceName] = true
		for i := range desc.Streams {
			table.add(desc.ServiceName, desc.Streams[i].StreamName, &method{impl: impl, stream: &desc.Streams[i]})
		}
		for i := range desc.Methods { // A unary method takes precedence, as in grpc-go.
			table.add(desc.ServiceName, desc.Methods[i].MethodName, &method{impl: impl, unary: desc.Methods[i].Handler})
		}
	})
	return table
}

// add adds a method, unless a network could not call it: a full method is split at its last
// slash, and is the path of a request.
func (t *methodTable) add(service, name string, m *method) {
	if fullMethod := "/" + service + "/" + name; !strings.Contains(name, "/") && wire.IsPath(fullMethod) {
		t.methods[fullMethod] = m
	}
}
