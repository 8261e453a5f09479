// Command rest serves a service over gRPC on a network and over REST through a Channel, with
// one chain, until it is interrupted. Then it completes what is in flight.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

func main() {
	grpcAddr := flag.String("grpc", "127.0.0.1:9090", "serve gRPC on this address")
	restAddr := flag.String("rest", "127.0.0.1:8080", "serve REST on this address")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *grpcAddr, *restAddr); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, grpcAddr, restAddr string) error {
	spans := trace.NewTracerProvider() // add an exporter here
	otel.SetTracerProvider(spans)

	channel := inprocchain.New(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler()),
		inprocchain.WithUnaryServerInterceptors(audit),
		inprocchain.WithServerMaxRecvMsgSize(1<<20),
	)
	pb.RegisterFlagsServer(channel, flags{})
	server := channel.NewServer() // the same services, interceptors and limit on the network

	mux := runtime.NewServeMux()
	if err := pb.RegisterFlagsHandler(ctx, mux, channel.ClientConn()); err != nil {
		return err
	}
	requests, endRequests := context.WithCancel(context.Background())
	defer endRequests()
	rest := &http.Server{
		Addr:        restAddr,
		Handler:     mux,
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	// Shutdown waits for requests. This ends those that are not complete after two seconds.
	rest.RegisterOnShutdown(func() { time.AfterFunc(2*time.Second, endRequests) })

	listener, err := net.Listen("tcp", grpcAddr)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- rest.ListenAndServe() }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	return errors.Join(err, shutDown(rest, server, channel, spans))
}

// shutDown stops what receives requests first, and what requests need last. Each step has a
// time of its own, so that one that does not end in time takes none from the others. Close
// cancels what is left.
func shutDown(rest *http.Server, server *grpc.Server, channel *inprocchain.Channel, spans *trace.TracerProvider) error {
	return errors.Join(
		inTime(rest.Shutdown),
		inTime(func(ctx context.Context) error {
			defer context.AfterFunc(ctx, server.Stop)() // GracefulStop takes no context.
			server.GracefulStop()
			return nil
		}),
		inTime(channel.Shutdown),
		channel.Close(),
		inTime(spans.Shutdown),
	)
}

func inTime(stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return stop(ctx)
}

// audit logs the method and the result of each unary RPC.
func audit(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	log.Printf("audit: %s: %v", info.FullMethod, status.Code(err))
	return resp, err
}

type flags struct{ pb.UnimplementedFlagsServer }

func (flags) Get(_ context.Context, req *pb.GetRequest) (*pb.Flag, error) {
	return &pb.Flag{Key: req.GetKey(), Enabled: true}, nil
}

// Watch sends the flag, which never changes, and waits until its context ends.
func (flags) Watch(req *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	present := &pb.WatchResponse{Change: pb.WatchResponse_CHANGE_PRESENT, Flag: &pb.Flag{Key: req.GetKey(), Enabled: true}}
	if err := stream.Send(present); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}
