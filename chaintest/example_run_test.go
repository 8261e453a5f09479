package chaintest_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// runTest runs a test as go test without -v does, and reports whether it passed.
func runTest(test func(*testing.T)) (passed bool) {
	verbose := flag.Lookup("test.v").Value
	defer func(value string) { _ = verbose.Set(value) }(verbose.String())
	_ = verbose.Set("false")
	all := func(_, _ string) (bool, error) { return true, nil }
	return testing.RunTests(all, []testing.InternalTest{{Name: "Test", F: test}})
}

// register registers the services under test.
func register(s grpc.ServiceRegistrar) { healthpb.RegisterHealthServer(s, health.NewServer()) }

// refuse is an interceptor under test.
func refuse(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
	return nil, status.Error(codes.ResourceExhausted, "try again later")
}

// In a test file, test has the name TestX.
func ExampleRun() {
	test := func(t *testing.T) {
		chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(refuse))
		chaintest.Run(t, chain, register, func(t *testing.T, cc grpc.ClientConnInterface) {
			_, err := healthpb.NewHealthClient(cc).Check(t.Context(), &healthpb.HealthCheckRequest{})
			if status.Code(err) != codes.ResourceExhausted {
				t.Errorf("got %v, want ResourceExhausted", err)
			}
		})
	}
	fmt.Println("passed:", runTest(test))
	// Output:
	// passed: true
}

// A fakeHealth takes the place of a service of somebody else.
type fakeHealth struct {
	healthpb.UnimplementedHealthServer
}

func (fakeHealth) Check(context.Context, *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return &healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_NOT_SERVING}, nil
}

// In a test file, test has the name TestX.
func ExampleServe() {
	test := func(t *testing.T) {
		client := healthpb.NewHealthClient(chaintest.Serve(t, func(s grpc.ServiceRegistrar) {
			healthpb.RegisterHealthServer(s, fakeHealth{})
		}))
		response, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil || response.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
			t.Errorf("got %v, %v", response, err)
		}
	}
	fmt.Println("passed:", runTest(test))
	// Output:
	// passed: true
}

// Calls may make several RPCs. It returns an error if one does not do what the test needs.
func ExampleCalls() {
	var calls chaintest.Calls = func(ctx context.Context, cc grpc.ClientConnInterface) error {
		client := healthpb.NewHealthClient(cc)
		if _, err := client.Check(ctx, &healthpb.HealthCheckRequest{}); err != nil {
			return err
		}
		_, err := client.List(ctx, &healthpb.HealthListRequest{})
		return err
	}
	test := func(t *testing.T) { chaintest.Compare(t, inprocchain.Chain{}, register, calls) }
	fmt.Println("passed:", runTest(test))
	// Output:
	// passed: true
}

// All tests of an application use the same options. This RPC is meant to fail with NotFound,
// and to leave nothing in the audit log.
func ExampleOption() {
	newLines := func() []string { return nil } // in an application, the new lines of its audit log
	options := []chaintest.Option{
		chaintest.WithErrorCode(codes.NotFound),
		chaintest.WithoutSideEffects(newLines),
	}
	test := func(t *testing.T) {
		chaintest.Compare(t, inprocchain.Chain{}, register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
			_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{Service: "unknown"})
			return err
		}, options...)
	}
	fmt.Println("passed:", runTest(test))
	// Output:
	// passed: true
}

// A line of this audit log has the time, which differs in each run.
func ExampleWithCmpOptions() {
	type line struct {
		method string
		at     time.Time
	}
	var lines []line
	audit := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		lines = append(lines, line{info.FullMethod, time.Now()})
		return handler(ctx, req)
	}
	newLines := func() []line { // since the last call
		added := lines
		lines = nil
		return added
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audit))
	check := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}
	test := func(t *testing.T) {
		chaintest.Compare(t, chain, register, check,
			chaintest.WithSideEffects(newLines), chaintest.WithCmpOptions(cmpopts.IgnoreTypes(time.Time{})))
	}
	fmt.Println("passed:", runTest(test))
	// Output:
	// passed: true
}

// A frontService asks another service for its health.
type frontService struct {
	healthpb.UnimplementedHealthServer
	next healthpb.HealthClient
}

func (s frontService) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	list, err := s.next.List(ctx, &healthpb.HealthListRequest{})
	if err != nil {
		return nil, err
	}
	return list.GetStatuses()[""], nil
}

func (frontService) List(context.Context, *healthpb.HealthListRequest) (*healthpb.HealthListResponse, error) {
	return &healthpb.HealthListResponse{Statuses: map[string]*healthpb.HealthCheckResponse{
		"": {Status: healthpb.HealthCheckResponse_SERVING},
	}}, nil
}

// A service that calls another one needs a connection to it, which Compare does not provide:
// register makes a Channel for it, with the same chain. Compare does not observe the RPCs on
// that Channel one by one. The audit log shows that they were made on the network and
// in-process.
func ExampleCompare_servicesThatCallEachOther() {
	var lines []string
	audit := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		lines = append(lines, info.FullMethod)
		return handler(ctx, req)
	}
	newLines := func() []string { // since the last call
		added := lines
		lines = nil
		return added
	}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audit))
	register := func(registrar grpc.ServiceRegistrar) {
		channel := inprocchain.New(chain)
		services := inprocchain.MultiRegistrar(registrar, channel)
		healthpb.RegisterHealthServer(services, frontService{next: healthpb.NewHealthClient(channel)})
	}
	test := func(t *testing.T) {
		chaintest.Compare(t, chain, register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
			_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{})
			return err
		}, chaintest.WithSideEffects(newLines))
	}
	fmt.Println("passed:", runTest(test))
	// Output:
	// passed: true
}
