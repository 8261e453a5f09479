package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/reflection"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// stopTimeout limits how long requests in flight, and then exports, may take
// when the program stops.
const stopTimeout = 10 * time.Second

// An app is one process of the application. Usually there is one process, which
// has all the parts. If the flag service runs in another process, service and
// server are nil.
type app struct {
	service   *service
	server    *grpc.Server         // serves gRPC over TCP
	channel   *inprocchain.Channel // serves gRPC in-process
	rest      *http.Server         // serves REST on the channel; nil if not asked for
	chain     inprocchain.Chain    // for clients that connect over TCP
	telemetry *telemetry

	grpcAddr string // where gRPC is served over TCP
	httpAddr string
	serving  sync.WaitGroup
	failed   chan error // receives the result of each server's Serve method
}

// outputs are where an app writes. They are used concurrently.
type outputs struct {
	log   io.Writer
	audit io.Writer
	spans sdktrace.SpanProcessor // used unless there is a collector
}

// launch starts an app with all its parts in this process.
func launch(ctx context.Context, cfg config, out outputs) (*app, error) {
	telemetry := newTelemetry("flags", out.spans)
	if cfg.otlp != "" {
		var err error
		if telemetry, err = exportTelemetry(ctx, "flags", cfg.otlp); err != nil {
			return nil, err
		}
	}
	chain := newChain(newLog(out.log), cfg.token, &auditLog{out: out.audit}, telemetry)
	service, channel := newService(), inprocchain.New(chain)
	registerAll(channel, service)
	a, err := start(ctx, cfg, service, channel.NewServer(), channel, telemetry)
	if err != nil {
		return nil, errors.Join(err, telemetry.shutdown(ctx))
	}
	return a, nil
}

// launchGateway starts an app without the flag service, which a process that
// listens on backendAddr serves.
func launchGateway(ctx context.Context, cfg config, backendAddr string, out outputs) (*app, error) {
	telemetry, err := exportTelemetry(ctx, "gateway", cfg.otlp)
	if err != nil {
		return nil, err
	}
	chain := newChain(newLog(out.log), cfg.token, &auditLog{out: out.audit}, telemetry)
	a := &app{
		channel: inprocchain.New(chain, inprocchain.WithRemoteTarget(backendAddr,
			[]string{pb.Flags_ServiceDesc.ServiceName},
			grpc.WithTransportCredentials(insecure.NewCredentials()))),
		chain:     chain,
		telemetry: telemetry,
		grpcAddr:  backendAddr,
		failed:    make(chan error, 1),
	}
	if err := a.serveREST(ctx, cfg.httpAddr); err != nil {
		return nil, errors.Join(err, telemetry.shutdown(ctx))
	}
	return a, nil
}

// registerAll registers the flag service, and reflection, so that clients such as grpcurl need
// no .proto file.
func registerAll(services reflection.GRPCServer, service *service) {
	pb.RegisterFlagsServer(services, service)
	reflection.Register(services)
}

// start serves gRPC on the server and REST on the channel. The services are registered on
// both.
func start(ctx context.Context, cfg config, service *service, server *grpc.Server, channel *inprocchain.Channel, telemetry *telemetry) (*app, error) {
	a := &app{
		service:   service,
		server:    server,
		channel:   channel,
		chain:     channel.Chain(),
		telemetry: telemetry,
		failed:    make(chan error, 2),
	}
	listener, err := net.Listen("tcp", cfg.grpcAddr)
	if err != nil {
		return nil, fmt.Errorf("serving gRPC: %w; choose another address with -grpc", err)
	}
	if cfg.httpAddr != "" {
		if err := a.serveREST(ctx, cfg.httpAddr); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
	}
	a.grpcAddr = listener.Addr().String()
	a.serving.Go(func() { a.failed <- a.server.Serve(listener) })
	return a, nil
}

// stop waits for requests in flight, but not for longer than stopTimeout. It
// does so even if ctx has ended, as it has after a signal.
func (a *app) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	var errs []error
	if a.service != nil {
		a.service.close()
	}
	if a.rest != nil {
		if err := a.rest.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stopping REST: %w", err), a.rest.Close())
		}
	}
	if a.server != nil {
		abort := context.AfterFunc(ctx, a.server.Stop)
		a.server.GracefulStop()
		abort()
	}
	// REST requests are RPCs on the channel, so it is shut down after the REST server.
	if err := a.channel.Shutdown(ctx); err != nil {
		errs = append(errs, fmt.Errorf("stopping the channel: %w", err))
	}
	a.serving.Wait()
	return errors.Join(errs...)
}

// flush exports the remaining spans of a stopped app.
func (a *app) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return a.telemetry.shutdown(ctx)
}
