package outgrowing

import (
	"context"
	"net"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// flags is an implementation of the service for the tests.
type flags struct {
	pb.UnimplementedFlagsServer

	description string // of created flags
	failures    int    // of Get, with Unavailable
	hadDeadline bool
	entered     chan bool  // whether there is a deadline
	left        chan error // of List's context

	clientContext bool // whether Create found its client's context
	network       string
	authorization []string // that Create received
}

func (f *flags) Create(ctx context.Context, _ *pb.CreateRequest) (*pb.Flag, error) {
	f.authorization = metadata.ValueFromIncomingContext(ctx, "authorization")
	f.clientContext = inprocgrpc.ClientContext(ctx) != nil
	if p, ok := peer.FromContext(ctx); ok {
		f.network = p.Addr.Network()
	}
	return &pb.Flag{Description: f.description}, nil
}

func (f *flags) Get(ctx context.Context, req *pb.GetRequest) (*pb.Flag, error) {
	_, f.hadDeadline = ctx.Deadline()
	if f.failures > 0 {
		f.failures--
		return nil, status.Error(codes.Unavailable, "overloaded")
	}
	if req.GetKey() == "missing" {
		return nil, status.Error(codes.NotFound, "there is no such flag")
	}
	return &pb.Flag{Key: req.GetKey()}, nil
}

func (f *flags) List(ctx context.Context, _ *pb.ListRequest) (*pb.ListResponse, error) {
	_, ok := ctx.Deadline()
	f.entered <- ok
	<-ctx.Done()
	f.left <- ctx.Err()
	return nil, ctx.Err()
}

// start runs steps 2 and 3 in the process of the test, connected over TCP.
func start(t *testing.T, chain inprocchain.Chain, service pb.FlagsServer) *inprocchain.Channel {
	t.Helper()
	_, addr := listen(t, chain, service)
	return connect(t, chain, addr)
}

func listen(t *testing.T, chain inprocchain.Chain, service pb.FlagsServer, opts ...grpc.ServerOption) (*grpc.Server, string) {
	t.Helper()
	listener := localListener(t)
	server := flagsProcess(chain, service, opts...)
	serve(t, server, listener)
	return server, listener.Addr().String()
}

// serve serves until the test ends.
func serve(t *testing.T, server *grpc.Server, listener net.Listener) {
	t.Helper()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && err != grpc.ErrServerStopped {
			t.Error(err)
		}
	})
}

func connect(t *testing.T, chain inprocchain.Chain, target string, opts ...grpc.DialOption) *inprocchain.Channel {
	t.Helper()
	opts = append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))
	channel := remainingProcess(chain, target, opts...)
	t.Cleanup(func() {
		if err := channel.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return channel
}
