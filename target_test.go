package inprocchain_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

// A target is a network server of another process, and counts its connections.
type target struct {
	listener *bufconn.Listener
	closed   chan struct{} // receives a value when a client has closed a connection
}

// newTextTarget returns a target that serves the text service.
func newTextTarget(t *testing.T, s textService, opts ...grpc.ServerOption) *target {
	server := grpc.NewServer(opts...)
	s.register(server)
	return serveTarget(t, server)
}

func serveTarget(t *testing.T, server *grpc.Server) *target {
	to := &target{listener: bufconn.Listen(1 << 20), closed: make(chan struct{}, 100)}
	go func() { _ = server.Serve(to.listener) }()
	t.Cleanup(server.Stop)
	return to
}

// option returns the option that sends RPCs to the target.
func (to *target) option(services []string, opts ...grpc.DialOption) inprocchain.Option {
	opts = append([]grpc.DialOption{insecureDial, grpc.WithContextDialer(to.dial)}, opts...)
	return inprocchain.WithRemoteTarget("passthrough:///bufconn", services, opts...)
}

func (to *target) dial(ctx context.Context, _ string) (net.Conn, error) {
	conn, err := to.listener.DialContext(ctx)
	return &watchedConn{Conn: conn, closed: to.closed}, err
}

// A watchedConn tells when it is closed.
type watchedConn struct {
	net.Conn
	once   sync.Once
	closed chan<- struct{}
}

func (c *watchedConn) Close() error {
	c.once.Do(func() { c.closed <- struct{}{} })
	return c.Conn.Close()
}
