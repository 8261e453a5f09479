//go:build !race

package random_test

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

// A side is a path from clients to handlers.
type side struct {
	name      string
	inProcess bool
	open      func(*run) connection
}

// A connection is an open side.
type connection struct {
	connect     func() // so that no RPC waits for a connection
	clients     [2]grpc.ClientConnInterface
	elsewhere   grpc.ClientConnInterface // for services that are elsewhere
	shutDown    func()                   // stops the server, and waits for its RPCs
	stop        func()                   // stops the server, and cancels its RPCs
	closeSecond func()                   // closes the second client
	close       func()
}

// conn returns the connection of a client to a method.
func (c connection) conn(client, method int) grpc.ClientConnInterface {
	if methods[method].isRemote() {
		return c.elsewhere
	}
	return c.clients[client]
}

// The network is the oracle.
var network = side{"network", false, func(r *run) connection {
	chain, second := r.chain(), inprocchain.NewChain(r.secondClient()...)
	server := grpc.NewServer(append(chain.ServerOptions(), grpc.WaitForHandlers(true))...)
	r.register(server)
	dial := serve(server)
	remote := grpc.NewServer()
	r.registerRemote(remote)
	first, other := dial(chain.DialOptions()), dial(second.DialOptions())
	elsewhere := serve(remote)(chain.DialOptions())
	conns := []*grpc.ClientConn{first, other, elsewhere}
	return connection{
		connect: func() {
			for _, cc := range conns {
				cc.Connect()
			}
		},
		clients:     [2]grpc.ClientConnInterface{first, other},
		elsewhere:   elsewhere,
		shutDown:    server.GracefulStop,
		stop:        server.Stop,
		closeSecond: func() { _ = other.Close() },
		close: func() {
			server.Stop()
			remote.Stop()
			for _, cc := range conns {
				_ = cc.Close()
			}
		},
	}
}}

var channel = side{"Channel", true, func(r *run) connection {
	remote := grpc.NewServer()
	r.registerRemote(remote)
	var dialOptions []grpc.DialOption
	for _, h := range r.statsHandlers("client", r.clientStats) {
		dialOptions = append(dialOptions, grpc.WithStatsHandler(h))
	}
	elsewhere := serve(remote)(dialOptions)
	options := []inprocchain.Option{r.chain()}
	if r.hasRemote() {
		options = append(options, inprocchain.WithRemote(elsewhere))
	}
	ch := inprocchain.New(options...)
	r.register(ch)
	second := ch.NewClient(r.secondClient()...)
	return connection{
		connect:     elsewhere.Connect,
		clients:     [2]grpc.ClientConnInterface{ch, second},
		elsewhere:   ch,
		shutDown:    func() { _ = ch.Shutdown(context.Background()) },
		stop:        func() { _ = ch.Close() },
		closeSecond: func() { _ = second.Close() },
		close: func() {
			_ = ch.Close()
			remote.Stop()
			_ = elsewhere.Close()
		},
	}
}}

// serve runs the server, and returns a function that makes a client of it. The endpoint is that of a
// Channel, so that both sides have the same authority.
func serve(server *grpc.Server) func([]grpc.DialOption) *grpc.ClientConn {
	listener := bufconn.Listen(1 << 20)
	go server.Serve(listener)
	return func(opts []grpc.DialOption) *grpc.ClientConn {
		cc, err := grpc.NewClient("passthrough:///inproc", append(opts,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		)...)
		if err != nil {
			panic("grpc.NewClient: " + err.Error())
		}
		return cc
	}
}
