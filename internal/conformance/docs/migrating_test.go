package docs_test

import (
	"context"
	"net"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

func TestFromChannel(t *testing.T) {
	before := func() grpc.ClientConnInterface {
		channel := (&inprocgrpc.Channel{}).
			WithServerUnaryInterceptor(audited). // is lost: the next line replaces it
			WithServerUnaryInterceptor(recovered)
		healthpb.RegisterHealthServer(channel, health.NewServer())
		return channel
	}
	after := func() grpc.ClientConnInterface {
		channel := inprocchain.New(
			inprocchain.WithUnaryServerInterceptors(audited, recovered),
		)
		healthpb.RegisterHealthServer(channel, health.NewServer())
		return channel
	}
	expectRan(t, before(), "recovered")
	expectRan(t, after(), "audited recovered")
}

func TestFromChannelInPlace(t *testing.T) {
	channel := &inprocgrpc.Channel{}
	healthpb.RegisterHealthServer(channel, health.NewServer())
	wrapped := inprocchain.Wrap(channel, inprocchain.WithUnaryServerInterceptors(audited, recovered))
	expectRan(t, wrapped, "audited recovered")
	expectRan(t, channel, "audited recovered")
	expectPanic(t, func() { inprocchain.Wrap(channel) })
}

func TestFromInterceptClientConn(t *testing.T) {
	before := func(channel *inprocgrpc.Channel) grpc.ClientConnInterface {
		cc := grpchan.InterceptClientConn(channel, traced, nil)
		return cc
	}
	after := func(channel *inprocgrpc.Channel) grpc.ClientConnInterface {
		cc := inprocchain.Wrap(channel, inprocchain.WithUnaryClientInterceptors(traced))
		return cc
	}
	expectRan(t, before(newHealthChannel()), "traced")
	expectRan(t, after(newHealthChannel()), "traced")
}

func TestFromAssertion(t *testing.T) {
	before := func(cc grpc.ClientConnInterface) *inprocgrpc.Channel {
		channel := cc.(*inprocgrpc.Channel) // panics as soon as somebody wraps it
		return channel
	}
	after := func(cc grpc.ClientConnInterface) (*inprocgrpc.Channel, error) {
		channel, err := inprocchain.Unwrap(cc) // through any number of layers
		return channel, err
	}
	channel := newHealthChannel()
	cc := grpchan.InterceptClientConn(channel, traced, nil)
	expectPanic(t, func() { before(cc) })
	if got, err := after(cc); got != channel || err != nil {
		t.Errorf("got %p, %v; want %p", got, err, channel)
	}
}

func TestFromBufconn(t *testing.T) {
	before := func() (grpc.ClientConnInterface, func(), error) {
		listener := bufconn.Listen(1 << 20)
		server := grpc.NewServer(grpc.ChainUnaryInterceptor(audited, recovered))
		healthpb.RegisterHealthServer(server, health.NewServer())
		go server.Serve(listener)
		cc, err := grpc.NewClient("passthrough:///bufconn",
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithChainUnaryInterceptor(traced),
		)
		return cc, server.GracefulStop, err
	}
	after := func() (grpc.ClientConnInterface, func(context.Context) error) {
		channel := inprocchain.New(
			inprocchain.WithUnaryServerInterceptors(audited, recovered),
			inprocchain.WithUnaryClientInterceptors(traced),
		)
		healthpb.RegisterHealthServer(channel, health.NewServer())
		cc := channel.ClientConn() // or channel itself, where an interface will do
		return cc, channel.Shutdown
	}
	network, stop, err := before()
	if err != nil {
		t.Fatal(err)
	}
	expectRan(t, network, "traced audited recovered")
	if err := network.(*grpc.ClientConn).Close(); err != nil {
		t.Error(err)
	}
	stop()
	channel, shutdown := after()
	expectRan(t, channel, "traced audited recovered")
	if err := shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func newHealthChannel() *inprocgrpc.Channel {
	channel := &inprocgrpc.Channel{}
	healthpb.RegisterHealthServer(channel, health.NewServer())
	return channel
}
