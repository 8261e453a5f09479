package inprocchain

import (
	"maps"
	"reflect"
	"slices"

	"google.golang.org/grpc"
)

// MultiRegistrar returns a registrar that registers each service with all the given
// registrars, in order. Use it to register a service once and serve it on a network
// and in-process.
//
//	pb.RegisterFlagsServer(inprocchain.MultiRegistrar(server, channel), flags)
//
// Its GetServiceInfo returns the services of all registrars that have one, so that
// server reflection can be registered on it.
//
// It panics if a registrar is nil or if there is none, because a service would be
// registered nowhere. If a service cannot be registered, its RegisterService does what
// that of the registrar does: a Channel panics, a [grpc.Server] ends the process.
func MultiRegistrar(registrars ...grpc.ServiceRegistrar) interface {
	grpc.ServiceRegistrar
	GetServiceInfo() map[string]grpc.ServiceInfo
} {
	if len(registrars) == 0 {
		misuse("MultiRegistrar", "no registrar is given, so services would not be served; pass a server and a Channel")
	}
	for i, registrar := range registrars {
		mustNotBeNil("MultiRegistrar", "registrar", i, isNil(registrar))
	}
	return multiRegistrar(append([]grpc.ServiceRegistrar(nil), registrars...))
}

type multiRegistrar []grpc.ServiceRegistrar

func (m multiRegistrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	for _, registrar := range m {
		registrar.RegisterService(desc, impl)
	}
}

func (m multiRegistrar) GetServiceInfo() map[string]grpc.ServiceInfo {
	all := map[string]grpc.ServiceInfo{}
	for _, registrar := range m {
		if provider, ok := registrar.(interface {
			GetServiceInfo() map[string]grpc.ServiceInfo
		}); ok {
			maps.Copy(all, provider.GetServiceInfo())
		}
	}
	return all
}

// RegisterService registers a service and its implementation. Generated code calls
// it.
//
// It panics if desc is nil, if impl does not implement the service, if a service of that name
// is registered already, and if [WithRemoteTarget] sends its RPCs elsewhere. A nil impl is
// registered without a check, as by a [grpc.Server]. Register every service before the
// first RPC and before NewServer: RegisterService panics afterwards, because RPCs look
// up services without a lock. It also panics if a With… method of the result of
// [Channel.InProcess] has replaced a part of the chain.
func (c *Channel) RegisterService(desc *grpc.ServiceDesc, impl any) {
	c.mustBeMade("RegisterService")
	c.mustHaveItsHooks("RegisterService")
	if desc == nil {
		misuse("RegisterService", "desc is nil; pass the ServiceDesc of the generated code")
	}
	mustImplement(desc, impl)
	if first := c.services.server.FirstRPC(); first != "" {
		misuse("RegisterService", "%s is registered after the first RPC, which was %s; register every service before any RPC, such as that of a health probe", desc.ServiceName, first)
	}
	if c.services.isOnNetwork() {
		misuse("RegisterService", "%s is registered after NewServer, so the network would not have it; register every service before", desc.ServiceName)
	}
	if _, ok := c.services.inproc.GetServiceInfo()[desc.ServiceName]; ok {
		misuse("RegisterService", "%s is registered already; register each service once", desc.ServiceName)
	}
	for _, r := range c.client.chain.remotes {
		if slices.Contains(r.services, desc.ServiceName) {
			misuse("RegisterService", "WithRemoteTarget sends the RPCs of %s to %s; register it here or there", desc.ServiceName, r.target)
		}
	}
	c.services.server.Register(desc, impl)
}

// mustImplement panics if impl, which may be nil, does not implement a service.
func mustImplement(desc *grpc.ServiceDesc, impl any) {
	if impl == nil {
		return
	}
	if desc.HandlerType == nil {
		misuse("RegisterService", "the HandlerType of %s is nil; set it to a pointer to the interface that impl implements", desc.ServiceName)
	}
	if wanted := reflect.TypeOf(desc.HandlerType).Elem(); !reflect.TypeOf(impl).Implements(wanted) {
		misuse("RegisterService", "impl of %s is a %T, which does not implement %v", desc.ServiceName, impl, wanted)
	}
}

// GetServiceInfo returns the services that are registered, by name. It makes the
// Channel a reflection.GRPCServer, on which server reflection can be registered.
func (c *Channel) GetServiceInfo() map[string]grpc.ServiceInfo {
	c.mustBeMade("GetServiceInfo")
	return c.services.inproc.GetServiceInfo()
}
