package docs_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// ran has the names of the interceptors that ran, in order.
var ran struct {
	sync.Mutex
	names []string
}

// run records that an interceptor ran.
func run(name string) {
	ran.Lock()
	defer ran.Unlock()
	ran.names = append(ran.names, name)
}

func audited(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	run("audited")
	return handler(ctx, req)
}

func recovered(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	run("recovered")
	return handler(ctx, req)
}

func traced(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	run("traced")
	return invoker(ctx, method, req, reply, cc, opts...)
}

// expectRan makes an RPC and checks which interceptors run.
func expectRan(t *testing.T, cc grpc.ClientConnInterface, want string) {
	t.Helper()
	ran.Lock()
	ran.names = nil
	ran.Unlock()
	if _, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	ran.Lock()
	defer ran.Unlock()
	if got := strings.Join(ran.names, " "); got != want {
		t.Errorf("%T ran %q, want %q", cc, got, want)
	}
}

func expectPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}
