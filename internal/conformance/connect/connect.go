// Package connect makes connections to the services of a test: one over a network, and
// one for each in-process path.
package connect

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A Connection is a named connection to services.
type Connection struct {
	Name      string
	Conn      grpc.ClientConnInterface
	InProcess bool
}

// All serves the services that register registers, with the chain, and returns all
// connections to them. The first is a grpc-go connection over bufconn, the oracle.
func All(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) []Connection {
	t.Helper()
	ch := InProcess(t, chain, register)
	return []Connection{
		{Name: "network", Conn: Network(t, chain, register)},
		{Name: "Channel", Conn: ch, InProcess: true},
		{Name: "ClientConn", Conn: ch.ClientConn(), InProcess: true},
	}
}

// InProcess serves on a Channel until the test ends.
func InProcess(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) *inprocchain.Channel {
	t.Helper()
	ch := inprocchain.New(chain)
	register(ch)
	t.Cleanup(func() {
		if err := ch.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return ch
}

// Network serves over bufconn until the test ends, and connects with the chain's
// dial options and more.
func Network(t *testing.T, chain inprocchain.Chain, register func(grpc.ServiceRegistrar), more ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	server := grpc.NewServer(chain.ServerOptions()...)
	register(server)
	return testservice.Dial(t, server, append(chain.DialOptions(), more...)...)
}

// NetworkAt is like Network, but both ends of the connection have the address addr, as
// those of a Channel with inprocchain.WithAddr(addr) have.
func NetworkAt(tb testing.TB, addr net.Addr, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) *grpc.ClientConn {
	tb.Helper()
	server := grpc.NewServer(chain.ServerOptions()...)
	register(server)
	listener := listenerAt{bufconn.Listen(1 << 20), addr}
	go server.Serve(listener)
	tb.Cleanup(server.Stop)
	cc, err := grpc.NewClient("passthrough:///"+addr.String(), append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			conn, err := listener.DialContext(ctx)
			return connAt{conn, addr}, err
		}),
	)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { cc.Close() })
	return cc
}

// A listenerAt accepts connections that have its address at both ends.
type listenerAt struct {
	*bufconn.Listener
	addr net.Addr
}

func (l listenerAt) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return connAt{conn, l.addr}, err
}

func (l listenerAt) Addr() net.Addr { return l.addr }

// A connAt is a connection with the same address at both ends.
type connAt struct {
	net.Conn
	addr net.Addr
}

func (c connAt) LocalAddr() net.Addr { return c.addr }

func (c connAt) RemoteAddr() net.Addr { return c.addr }
