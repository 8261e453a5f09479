package testservice

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
)

// Dial runs the server over bufconn until the test ends, and returns a connection to it.
func Dial(tb testing.TB, server *grpc.Server, opts ...grpc.DialOption) *grpc.ClientConn {
	tb.Helper()
	return Connect(tb, Listen(tb, server).DialContext, opts...)
}

// Listen runs the server over bufconn until the test ends, and returns its listener.
func Listen(tb testing.TB, server *grpc.Server) *bufconn.Listener {
	listener := bufconn.Listen(1 << 20)
	Serve(tb, server, listener)
	return listener
}

// Serve runs the server on the listener until the test ends.
func Serve(tb testing.TB, server *grpc.Server, listener net.Listener) {
	go func() { _ = server.Serve(listener) }() // Stop ends it.
	tb.Cleanup(server.Stop)
}

// Connect returns a connection that calls dial, and that the end of the test closes.
func Connect(tb testing.TB, dial func(context.Context) (net.Conn, error), opts ...grpc.DialOption) *grpc.ClientConn {
	tb.Helper()
	cc, err := grpc.NewClient("passthrough:///network", append(opts,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx) }),
	)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = cc.Close() })
	return cc
}
