package clientconn

import (
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/connectivity"
)

// balancerName is the name of a balancer that reports its connection to be Ready without
// connecting to anything. Programs that wait until a ClientConn is Ready then go on.
const balancerName = "inprocchain_ready"

func init() { balancer.Register(readyBuilder{}) } // There is no other way to give a ClientConn a balancer.

type readyBuilder struct{}

func (readyBuilder) Name() string { return balancerName }

func (readyBuilder) Build(cc balancer.ClientConn, _ balancer.BuildOptions) balancer.Balancer {
	return readyBalancer{cc}
}

type readyBalancer struct{ cc balancer.ClientConn }

func (b readyBalancer) UpdateClientConnState(balancer.ClientConnState) error {
	b.cc.UpdateState(balancer.State{ConnectivityState: connectivity.Ready, Picker: noPicker{}})
	return nil
}

func (readyBalancer) ResolverError(error)                                        {}
func (readyBalancer) UpdateSubConnState(balancer.SubConn, balancer.SubConnState) {}
func (readyBalancer) ExitIdle()                                                  {}
func (readyBalancer) Close()                                                     {}

// A noPicker is never asked, since the interceptors of the ClientConn do not call their
// invokers.
type noPicker struct{}

func (noPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
}
