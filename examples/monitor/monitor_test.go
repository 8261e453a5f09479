package monitor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// A fakeHealth takes the place of a service of another team.
type fakeHealth struct {
	healthpb.UnimplementedHealthServer
	statuses []healthpb.HealthCheckResponse_ServingStatus // of the next requests
}

func (f *fakeHealth) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	if len(f.statuses) == 0 {
		return nil, status.Error(codes.Unavailable, "down")
	}
	next := f.statuses[0]
	f.statuses = f.statuses[1:]
	return &healthpb.HealthCheckResponse{Status: next}, nil
}

// serve returns a client of the fake.
func (f *fakeHealth) serve(t *testing.T) healthpb.HealthClient {
	return healthpb.NewHealthClient(chaintest.Serve(t, func(s grpc.ServiceRegistrar) {
		healthpb.RegisterHealthServer(s, f)
	}))
}

func TestWaitUntilServingReturnsErrors(t *testing.T) {
	err := WaitUntilServing(t.Context(), new(fakeHealth).serve(t))
	if status.Code(err) != codes.Unavailable {
		t.Errorf("got %v, want Unavailable", err)
	}
}

func TestWaitUntilServingAsksOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakeHealth{statuses: []healthpb.HealthCheckResponse_ServingStatus{
			healthpb.HealthCheckResponse_NOT_SERVING,
			healthpb.HealthCheckResponse_NOT_SERVING,
			healthpb.HealthCheckResponse_SERVING,
		}}
		start := time.Now()
		if err := WaitUntilServing(t.Context(), fake.serve(t)); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got != 2*time.Minute {
			t.Errorf("waited %v, want two minutes", got)
		}
	})
}

// slow is an interceptor that takes an hour.
func slow(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	select {
	case <-time.After(time.Hour):
		return handler(ctx, req)
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func TestDeadlinePasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(slow))
		chaintest.Run(t, chain, registerHealth, func(t *testing.T, cc grpc.ClientConnInterface) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
			if status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("got %v, want DeadlineExceeded", err)
			}
		})
	})
}
