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
	"google.golang.org/grpc/reflection"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// stopTimeout is how long requests, and then exports, may take to end.
const stopTimeout = 10 * time.Second

// An app is the service, served three ways.
type app struct {
	service  *service
	server   *grpc.Server         // over TCP
	channel  *inprocchain.Channel // in-process
	front    *http.Server         // REST, on the channel
	chain    inprocchain.Chain    // for clients on the network
	observed *telemetry

	grpcAddr string
	httpAddr string
	serving  sync.WaitGroup
	failed   chan error // what ended a server; each of the two tells once
}

// outputs are where an app tells of its requests. They are used concurrently.
type outputs struct {
	log   io.Writer
	audit io.Writer
	trace func([]sdktrace.ReadOnlySpan) // unless there is a collector
}

// launch makes the one chain and serves with it.
func launch(ctx context.Context, cfg config, out outputs) (*app, error) {
	observed := newTelemetry(newTraces(out.trace))
	if cfg.otlp != "" {
		var err error
		if observed, err = exportTelemetry(ctx, cfg.otlp); err != nil {
			return nil, err
		}
	}
	chain := newChain(newLog(out.log), cfg.token, &auditLog{out: out.audit}, observed)
	a, err := start(ctx, cfg, grpc.NewServer(chain.ServerOptions()...), inprocchain.New(chain), observed)
	if err != nil {
		return nil, errors.Join(err, observed.shutdown(ctx))
	}
	return a, nil
}

// start serves flags on the server and the channel, and REST on the channel.
func start(ctx context.Context, cfg config, server *grpc.Server, channel *inprocchain.Channel, observed *telemetry) (*app, error) {
	a := &app{service: newService(), server: server, channel: channel, chain: channel.Chain(), observed: observed, failed: make(chan error, 2)}
	pb.RegisterFlagsServer(inprocchain.MultiRegistrar(server, channel), a.service)
	reflection.Register(server) // so that clients such as grpcurl need no .proto file

	rpcs, err := net.Listen("tcp", cfg.grpcAddr)
	if err != nil {
		return nil, fmt.Errorf("serving gRPC: %w; choose another address with -grpc", err)
	}
	requests, err := net.Listen("tcp", cfg.httpAddr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serving REST: %w; choose another address with -http", err), rpcs.Close())
	}
	gateway, err := newGateway(ctx, channel, observed.propagator)
	if err != nil {
		return nil, errors.Join(err, rpcs.Close(), requests.Close())
	}
	a.grpcAddr, a.httpAddr = rpcs.Addr().String(), requests.Addr().String()
	a.front = &http.Server{Handler: gateway, ReadHeaderTimeout: 10 * time.Second}
	a.serving.Go(func() { a.failed <- a.server.Serve(rpcs) })
	a.serving.Go(func() { a.failed <- a.front.Serve(requests) })
	return a, nil
}

// stop lets requests end by themselves, but not for ever. That ctx has ended,
// as it does with a signal, is no reason to cut them short.
func (a *app) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	a.service.close()
	err := a.front.Shutdown(ctx)
	if err != nil {
		err = fmt.Errorf("stopping REST: %w", errors.Join(err, a.front.Close()))
	}
	cut := context.AfterFunc(ctx, a.server.Stop)
	a.server.GracefulStop()
	cut()
	// Requests to the front are RPCs on the channel, so it comes after the front.
	if drained := a.channel.Shutdown(ctx); drained != nil {
		err = errors.Join(err, fmt.Errorf("stopping the channel: %w", drained))
	}
	a.serving.Wait()
	return err
}

// flush sends the spans and measurements that a stopped app has left.
func (a *app) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return a.observed.shutdown(ctx)
}
