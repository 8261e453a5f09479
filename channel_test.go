package inprocchain_test

import (
	"context"
	"net"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

// newChannel returns a Channel that serves grpchan's test service.
func newChannel(opts ...inprocchain.Option) *inprocchain.Channel {
	ch := inprocchain.New(opts...)
	grpchantesting.RegisterTestServiceServer(ch, &grpchantesting.TestServer{})
	return ch
}

// dial returns a connection to a grpc-go server that serves the same service, with
// the chain on both sides.
func dial(t *testing.T, chain inprocchain.Chain) *grpc.ClientConn {
	t.Helper()
	server := grpc.NewServer(chain.ServerOptions()...)
	grpchantesting.RegisterTestServiceServer(server, &grpchantesting.TestServer{})
	return dialServer(t, server, chain.DialOptions()...)
}

// dialServer returns a connection to the server.
func dialServer(t *testing.T, server *grpc.Server, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	cc, err := grpc.NewClient("passthrough:///bufconn", append(opts,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cc.Close() })
	return cc
}

// catch calls f and returns the value with which it panics, or nil.
func catch(f func()) (caught any) {
	defer func() { caught = recover() }()
	f()
	return nil
}
