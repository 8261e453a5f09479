package docs_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
)

// adapter calls the methods of a service directly.
type adapter struct{ server healthpb.HealthServer }

func (a adapter) Invoke(ctx context.Context, _ string, req, reply any, _ ...grpc.CallOption) error {
	response, err := a.server.Check(ctx, req.(*healthpb.HealthCheckRequest))
	if err == nil {
		proto.Merge(reply.(proto.Message), response)
	}
	return err
}

func (adapter) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.ErrUnsupported
}

// withCaller gives a handler what it had from its caller's context in a direct call.
func withCaller(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	caller := inprocgrpc.ClientContext(ctx)
	if caller == nil {
		return handler(ctx, req) // The caller is on the network.
	}
	if md, ok := metadata.FromIncomingContext(caller); ok {
		ctx = metadata.NewIncomingContext(ctx, md)
	}
	if p, ok := peer.FromContext(caller); ok {
		ctx = peer.NewContext(ctx, p)
	}
	return handler(withValues{ctx, caller}, req)
}

// withValues is a context that also has the values of the caller's context, such as its outgoing
// metadata.
type withValues struct {
	context.Context
	caller context.Context
}

func (c withValues) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.caller.Value(key)
}

func TestFromAdapter(t *testing.T) {
	before := func(server healthpb.HealthServer) grpc.ClientConnInterface {
		cc := adapter{server}
		return cc
	}
	after := func(server healthpb.HealthServer) grpc.ClientConnInterface {
		channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(withCaller))
		healthpb.RegisterHealthServer(channel, server)
		return channel
	}
	without := func(server healthpb.HealthServer) grpc.ClientConnInterface {
		channel := inprocchain.New()
		healthpb.RegisterHealthServer(channel, server)
		return channel
	}
	ctx := context.WithValue(t.Context(), tenant{}, "a value")
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("request-id", "incoming"))
	ctx = metadata.NewOutgoingContext(ctx, metadata.Pairs("token", "outgoing"))
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}})

	inDirectCall := found{value: "a value", incoming: "incoming", outgoing: "outgoing", peer: "192.0.2.1:0"}
	for _, test := range []struct {
		name string
		make func(healthpb.HealthServer) grpc.ClientConnInterface
		want found
	}{
		{"before", before, inDirectCall},
		{"after", after, inDirectCall},
		{"without the interceptor", without, found{peer: "inproc"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var server finder
			if _, err := healthpb.NewHealthClient(test.make(&server)).Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
				t.Fatal(err)
			}
			if server.found != test.want {
				t.Errorf("the handler's context has %+v, want %+v", server.found, test.want)
			}
		})
	}
}

type tenant struct{}

// found is what a handler finds in its context.
type found struct{ value, incoming, outgoing, peer string }

type finder struct {
	healthpb.UnimplementedHealthServer
	found found
}

func (f *finder) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	f.found.value, _ = ctx.Value(tenant{}).(string)
	if md, _ := metadata.FromIncomingContext(ctx); len(md.Get("request-id")) > 0 {
		f.found.incoming = md.Get("request-id")[0]
	}
	if md, _ := metadata.FromOutgoingContext(ctx); len(md.Get("token")) > 0 {
		f.found.outgoing = md.Get("token")[0]
	}
	p, _ := peer.FromContext(ctx)
	f.found.peer = p.Addr.String()
	return &healthpb.HealthCheckResponse{}, nil
}
