package differential_test

import (
	"context"
	"math/rand/v2"
	"net"
	"runtime"
	"testing/synctest"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

// A side is a path from a client to a handler.
type side struct {
	name   string
	closes bool // whether its client can be closed
	open   func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) connection
}

// A connection is an open side.
type connection struct {
	conn     grpc.ClientConnInterface
	close    func() error // of the client; nil if it cannot be closed
	shutDown func()       // of the server; waits until it has ended
}

// The network is the oracle.
var network = side{name: "network", closes: true, open: func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) connection {
	return openNetwork(chain, register, func(conn net.Conn) net.Conn { return conn })
}}

// unevenNetwork is a network whose goroutines run in orders that are rare on the other
// one.
var unevenNetwork = side{name: "network", closes: true, open: func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) connection {
	return openNetwork(chain, register, func(conn net.Conn) net.Conn { return unevenConn{conn} })
}}

// inProcess has the paths that must behave like the network.
var inProcess = []side{
	{name: "Channel", open: func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) connection {
		ch := inprocchain.New(chain)
		register(ch)
		return connection{ch, nil, func() { shutDown(ch) }}
	}},
	{name: "ClientConn", closes: true, open: func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) connection {
		ch := inprocchain.New(chain)
		register(ch)
		return connection{ch.ClientConn(), ch.ClientConn().Close, func() { shutDown(ch) }}
	}},
	{name: "Channel with services registered below", open: func(chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) connection {
		below := new(inprocgrpc.Channel)
		register(below)
		ch := inprocchain.Wrap(below, chain)
		return connection{ch, nil, func() { shutDown(ch) }}
	}},
}

func shutDown(ch *inprocchain.Channel) {
	if err := ch.Shutdown(context.Background()); err != nil {
		panic("Shutdown: " + err.Error())
	}
}

func openNetwork(chain inprocchain.Chain, register func(grpc.ServiceRegistrar), wrap func(net.Conn) net.Conn) connection {
	server := grpc.NewServer(chain.ServerOptions()...)
	register(server)
	listener := bufconn.Listen(1 << 20)
	go server.Serve(listener)
	// The endpoint is that of a Channel, so that both sides have the same authority.
	cc, err := grpc.NewClient("passthrough:///inproc", append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := listener.DialContext(ctx)
			if err != nil {
				return nil, err
			}
			return wrap(conn), nil
		}),
	)...)
	if err != nil {
		panic("grpc.NewClient: " + err.Error())
	}
	cc.Connect()
	synctest.Wait() // so that no RPC waits for the connection
	return connection{cc, cc.Close, server.GracefulStop}
}

// An unevenConn is the client's end of a connection that delivers data in pieces, and lets
// other goroutines run before and after each.
type unevenConn struct{ net.Conn }

func (c unevenConn) Read(b []byte) (int, error) {
	if rand.N(2) == 0 {
		b = b[:min(len(b), 1+rand.N(16<<10))]
	}
	n, err := c.Conn.Read(b)
	letOthersRun()
	return n, err
}

func (c unevenConn) Write(b []byte) (int, error) {
	letOthersRun()
	n, err := c.Conn.Write(b)
	letOthersRun()
	return n, err
}

func (c unevenConn) Close() error {
	letOthersRun()
	return c.Conn.Close()
}

func letOthersRun() {
	for range rand.N(20) {
		runtime.Gosched()
	}
}
