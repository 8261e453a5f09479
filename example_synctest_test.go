package inprocchain_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// sleepyHealth takes an hour to answer.
type sleepyHealth struct {
	healthpb.UnimplementedHealthServer
}

func (sleepyHealth) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	select {
	case <-time.After(time.Hour):
		return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVING}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// testPatience is a test of an application. Its RPCs take hours of the bubble's fake
// time, and milliseconds of real time.
func testPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		channel := inprocchain.New()
		defer func() { _ = channel.Close() }() // A bubble ends when its goroutines have.
		healthpb.RegisterHealthServer(channel, sleepyHealth{})
		client := healthpb.NewHealthClient(channel)

		for timeout, want := range map[time.Duration]codes.Code{
			59 * time.Minute: codes.DeadlineExceeded,
			61 * time.Minute: codes.OK,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			_, err := client.Check(ctx, &healthpb.HealthCheckRequest{})
			cancel()
			if status.Code(err) != want {
				t.Errorf("with a timeout of %v: %v, want %v", timeout, err, want)
			}
		}
	})
}

// A Channel works in a bubble of testing/synctest, so a test of what takes hours ends
// after milliseconds.
func Example_synctest() {
	var t *testing.T // that of a function TestPatience(t *testing.T)
	testPatience(t)
}
