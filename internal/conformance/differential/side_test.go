package differential_test

import (
	"context"
	"net"
	"testing/synctest"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

// A side is a way from a client to a handler.
type side struct {
	name    string
	network bool
	// open serves what register registers, and returns a connection to it, and a
	// function that closes both.
	open func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (grpc.ClientConnInterface, func())
}

// The network is the oracle.
var network = side{name: "network", network: true, open: openNetwork}

// inProcess are the paths that must do what the network does.
var inProcess = []side{
	{name: "Channel", open: func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (grpc.ClientConnInterface, func()) {
		ch := inprocchain.New(chain)
		register(ch)
		return ch, func() { shutDown(ch) }
	}},
	{name: "ClientConn", open: func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (grpc.ClientConnInterface, func()) {
		ch := inprocchain.New(chain)
		register(ch)
		return ch.ClientConn(), func() { shutDown(ch) }
	}},
	{name: "Channel with services registered below", open: func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (grpc.ClientConnInterface, func()) {
		below := new(inprocgrpc.Channel)
		register(below)
		ch := inprocchain.Wrap(below, chain)
		return ch, func() { shutDown(ch) }
	}},
}

func shutDown(ch *inprocchain.Channel) {
	if err := ch.Shutdown(context.Background()); err != nil {
		panic("Shutdown: " + err.Error())
	}
}

func openNetwork(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (grpc.ClientConnInterface, func()) {
	server := grpc.NewServer(chain.ServerOptions()...)
	register(server)
	listener := bufconn.Listen(1 << 20)
	go server.Serve(listener)
	// The target is the Channel's, so that both sides have the same authority.
	cc, err := grpc.NewClient("passthrough:///inproc", append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	)...)
	if err != nil {
		panic("grpc.NewClient: " + err.Error())
	}
	cc.Connect()
	synctest.Wait() // so that no RPC waits for the connection
	return cc, func() {
		cc.Close()
		server.Stop()
	}
}
