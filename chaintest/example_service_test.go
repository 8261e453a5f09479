package chaintest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// The services, clients and tests that the examples use.

// A printer takes the place of a test's *testing.T. It prints the first line of
// each failure, without the details that follow.
type printer struct{ testing.TB }

func (printer) Helper() {}

func (printer) Context() context.Context { return context.Background() }

func (printer) Error(args ...any) { fmt.Println(args...) }

func (printer) Errorf(format string, args ...any) {
	first, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fmt.Println(first)
}

func (printer) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

func (printer) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func registerHealth(registrar grpc.ServiceRegistrar) {
	healthpb.RegisterHealthServer(registrar, health.NewServer())
}

func check(ctx context.Context, cc grpc.ClientConnInterface) error {
	_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
	return err
}

// A notebook is a service that keeps notes, each of them once.
type notebook struct {
	mu    sync.Mutex
	notes map[string]bool
}

func registerNotebook(registrar grpc.ServiceRegistrar) {
	n := &notebook{notes: map[string]bool{}}
	registerMethods(registrar, "Notebook", map[string]func(context.Context, string) (any, error){"Add": n.add, "Remove": n.remove})
}

func (n *notebook) add(_ context.Context, note string) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.notes[note] {
		return nil, status.Errorf(codes.AlreadyExists, "note %q exists", note)
	}
	n.notes[note] = true
	return wrapperspb.String(note), nil
}

func (n *notebook) remove(_ context.Context, note string) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.notes, note)
	return wrapperspb.String(note), nil
}

func addNote(ctx context.Context, cc grpc.ClientConnInterface, note string) error {
	return cc.Invoke(ctx, "/Notebook/Add", wrapperspb.String(note), new(wrapperspb.StringValue))
}

func removeNote(ctx context.Context, cc grpc.ClientConnInterface, note string) error {
	return cc.Invoke(ctx, "/Notebook/Remove", wrapperspb.String(note), new(wrapperspb.StringValue))
}

// registerDiary registers a service that calls the Notebook.
func registerDiary(registrar grpc.ServiceRegistrar, notebook grpc.ClientConnInterface) {
	registerMethods(registrar, "Diary", map[string]func(context.Context, string) (any, error){
		"Write": func(ctx context.Context, entry string) (any, error) {
			return wrapperspb.String(entry), addNote(ctx, notebook, entry)
		},
	})
}

func writeDiary(ctx context.Context, cc grpc.ClientConnInterface) error {
	return cc.Invoke(ctx, "/Diary/Write", wrapperspb.String("dear diary"), new(wrapperspb.StringValue))
}

// registerClock registers a service that returns the time, or waits for an hour
// and returns how long that took.
func registerClock(registrar grpc.ServiceRegistrar) {
	registerMethods(registrar, "Clock", map[string]func(context.Context, string) (any, error){
		"Now": func(context.Context, string) (any, error) { return timestamppb.Now(), nil },
		"WaitOneHour": func(context.Context, string) (any, error) {
			start := time.Now()
			time.Sleep(time.Hour)
			return durationpb.New(time.Since(start)), nil
		},
	})
}

func now(ctx context.Context, cc grpc.ClientConnInterface) error {
	return cc.Invoke(ctx, "/Clock/Now", wrapperspb.String(""), new(timestamppb.Timestamp))
}

func registerMethods(registrar grpc.ServiceRegistrar, service string, methods map[string]func(context.Context, string) (any, error)) {
	desc := &grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil)}
	for name, serve := range methods {
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			req := new(wrapperspb.StringValue)
			if err := decode(req); err != nil {
				return nil, err
			}
			handler := func(ctx context.Context, req any) (any, error) {
				return serve(ctx, req.(*wrapperspb.StringValue).Value)
			}
			if interceptor == nil {
				return handler(ctx, req)
			}
			return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + service + "/" + name}, handler)
		}})
	}
	registrar.RegisterService(desc, struct{}{})
}

// An app serves a network and its own process, as an application does. The
// chains should be the same.
type app struct {
	server  *grpc.Server
	conn    *grpc.ClientConn // to the listener
	channel *inprocchain.Channel
}

func newApp(forNetwork, forChannel inprocchain.Chain, register func(grpc.ServiceRegistrar)) app {
	a := app{server: grpc.NewServer(forNetwork.ServerOptions()...), channel: inprocchain.New(forChannel)}
	register(inprocchain.MultiRegistrar(a.server, a.channel))
	listener := bufconn.Listen(1 << 16)
	go func() { _ = a.server.Serve(listener) }()
	var err error
	a.conn, err = grpc.NewClient("passthrough:///app", append(forNetwork.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		panic(err)
	}
	return a
}

func (a app) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := errors.Join(a.conn.Close(), a.channel.Shutdown(ctx))
	a.server.Stop()
	if err != nil {
		panic(err)
	}
}

// An auditLog is an interceptor that records the methods that were called.
type auditLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *auditLog) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%s %s", info.FullMethod, status.Code(err)))
	return resp, err
}

// newLines returns the lines that were added since the last call.
func (l *auditLog) newLines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}
