package monitor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain"
)

// An App serves its health over TCP and in-process.
type App struct {
	Channel *inprocchain.Channel
	Audit   *AuditLog

	chain   inprocchain.Chain
	server  *grpc.Server
	addr    string
	serving sync.WaitGroup
}

// Start starts an App.
func Start(tracers trace.TracerProvider) (*App, error) {
	audit := new(AuditLog)
	chain := inprocchain.NewChain(
		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(tracers))),
		inprocchain.WithUnaryServerInterceptors(RequireTenant, audit.intercept),
	)
	channel := inprocchain.New(chain)
	healthpb.RegisterHealthServer(channel, health.NewServer())
	a := &App{Channel: channel, Audit: audit, chain: chain, server: channel.NewServer()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a.addr = listener.Addr().String()
	a.serving.Go(func() { _ = a.server.Serve(listener) }) // It returns when the server is stopped.
	return a, nil
}

// Dial returns a connection to the listener.
func (a *App) Dial() (*grpc.ClientConn, error) {
	return grpc.NewClient(a.addr, append(a.chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
}

// Stop waits for requests in flight, but not for longer than ctx.
func (a *App) Stop(ctx context.Context) error {
	abort := context.AfterFunc(ctx, a.server.Stop)
	defer abort()
	a.server.GracefulStop()
	err := a.Channel.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, a.Channel.Close())
	}
	a.serving.Wait()
	return err
}

// An AuditLog has a line for each request that was not refused.
type AuditLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *AuditLog) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprint(metadata.ValueFromIncomingContext(ctx, "tenant"), " ", info.FullMethod))
	return resp, err
}

// NewLines returns the lines that were added since it was called last.
func (l *AuditLog) NewLines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	added := l.lines
	l.lines = nil
	return added
}
