package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// A wiredApp is the application with chains of a test on its server and on its
// channel.
type wiredApp struct {
	*testApp
	conn    *grpc.ClientConn // to the listener
	records recordReader
}

func newWiredApp(t *testing.T, wire func(parts) (server, channel inprocchain.Chain)) *wiredApp {
	t.Helper()
	a := new(wiredApp)
	audit := &auditLog{out: &a.records}
	a.testApp = startTestApp(t, func(_ inprocchain.Chain, telemetry *telemetry) (network, inproc inprocchain.Chain) {
		return wire(parts{newChain(newLog(io.Discard), testToken, audit, telemetry), audit, telemetry})
	})
	var err error
	a.conn, err = grpc.NewClient(a.app.grpcAddr, append(a.app.chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.conn.Close() })
	return a
}

// newRecords returns the audit records that were added since the last call,
// without the time and the transport, which are never the same.
func (a *wiredApp) newRecords() []string { return a.records.next() }

// A recordReader reads the records that an audit log writes to it.
type recordReader struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (r *recordReader) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.written.Write(line)
}

func (r *recordReader) next() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []string
	for lines := json.NewDecoder(&r.written); ; {
		var next record
		if err := lines.Decode(&next); errors.Is(err, io.EOF) {
			return records
		} else if err != nil {
			panic(err) // The log contains only JSON.
		}
		records = append(records, fmt.Sprintf("%s %s %s", next.Actor, next.Action, next.Flag))
	}
}

// parts are the parts from which the chains of a wiredApp are made.
type parts struct {
	server    inprocchain.Chain // that of the program
	audit     *auditLog
	telemetry *telemetry
}

// chain returns a chain whose interceptors run inside of a recovery interceptor.
func (p parts) chain(inner ...inprocchain.Option) inprocchain.Chain {
	return inprocchain.NewChain(append([]inprocchain.Option{
		inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor()),
		inprocchain.WithStreamServerInterceptors(recovery.StreamServerInterceptor()),
	}, inner...)...)
}

func (p parts) clientHandler() stats.Handler {
	return otelgrpc.NewClientHandler(p.telemetry.options()...)
}

func (p parts) serverHandler() stats.Handler {
	return otelgrpc.NewServerHandler(p.telemetry.options()...)
}

func (p parts) tracing() inprocchain.Option {
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(p.clientHandler()),
		inprocchain.WithServerStatsHandlers(p.serverHandler()),
	)
}

func (p parts) authenticate() inprocchain.Option {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(auth.UnaryServerInterceptor(authenticate(testToken))),
		inprocchain.WithStreamServerInterceptors(auth.StreamServerInterceptor(authenticate(testToken))),
	)
}

func (p parts) auditing() inprocchain.Option {
	return inprocchain.WithUnaryServerInterceptors(p.audit.unaryServer)
}

// tracingInterceptors make the server spans in interceptors, as otelgrpc did
// before it had stats handlers.
func (p parts) tracingInterceptors() inprocchain.Option {
	handler := p.serverHandler()
	trace := func(ctx context.Context, method string, serve func(context.Context) error) error {
		ctx = handler.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: method})
		begin := &stats.Begin{}
		handler.HandleRPC(ctx, begin)
		err := serve(ctx)
		handler.HandleRPC(ctx, &stats.End{BeginTime: begin.BeginTime, Error: err})
		return err
	}
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
			err = trace(ctx, info.FullMethod, func(ctx context.Context) error {
				resp, err = handler(ctx, req)
				return err
			})
			return resp, err
		}),
		inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return trace(ss.Context(), info.FullMethod, func(context.Context) error { return handler(srv, ss) })
		}),
	)
}
