package inprocchain

import (
	"maps"

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
