// Package outgrowing has the code of docs/outgrowing.md, and tests of the statements in the
// document.
package outgrowing

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// oneProcess is step 1 of docs/outgrowing.md.
func oneProcess(chain inprocchain.Chain, flags pb.FlagsServer) (*inprocchain.Channel, *grpc.Server) {
	channel := inprocchain.New(chain)
	pb.RegisterFlagsServer(channel, flags)
	healthpb.RegisterHealthServer(channel, health.NewServer())

	server := channel.NewServer() // if there are clients on the network
	return channel, server
}

// flagsProcess is step 2 of docs/outgrowing.md.
func flagsProcess(chain inprocchain.Chain, flags pb.FlagsServer, opts ...grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(append(chain.ServerOptions(), opts...)...)
	pb.RegisterFlagsServer(server, flags)
	return server
}

// remainingProcess is step 3 of docs/outgrowing.md.
func remainingProcess(chain inprocchain.Chain, target string, opts ...grpc.DialOption) *inprocchain.Channel {
	channel := inprocchain.New(chain, inprocchain.WithRemoteTarget(target, []string{"flags.v1.Flags"}, opts...))
	healthpb.RegisterHealthServer(channel, health.NewServer()) // and no flags service
	return channel
}

func TestCallersAndInterceptorsStayTheSame(t *testing.T) {
	t.Parallel()
	for _, split := range []bool{false, true} {
		var server, client []string
		chain := inprocchain.NewChain(
			inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				server = append(server, info.FullMethod)
				return handler(ctx, req)
			}),
			inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				client = append(client, method)
				return invoker(ctx, method, req, reply, cc, opts...)
			}),
		)
		channel, _ := oneProcess(chain, new(flags))
		if split {
			channel = start(t, chain, new(flags))
		}
		if _, err := pb.NewFlagsClient(channel).Get(t.Context(), &pb.GetRequest{Key: "missing"}); status.Code(err) != codes.NotFound {
			t.Errorf("split %t: Get returned %v, want NotFound", split, err)
		}
		if _, err := healthpb.NewHealthClient(channel).Check(t.Context(), new(healthpb.HealthCheckRequest)); err != nil {
			t.Errorf("split %t: Check returned %v", split, err)
		}
		want := pb.Flags_Get_FullMethodName + " " + healthpb.Health_Check_FullMethodName
		if strings.Join(server, " ") != want || strings.Join(client, " ") != want {
			t.Errorf("split %t: the interceptors saw %v and %v, want %s on each side once", split, server, client, want)
		}
	}
}

// credentialsOf are credentials of a caller.
type credentialsOf string

func (c credentialsOf) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(c)}, nil
}

func (credentialsOf) RequireTransportSecurity() bool { return false }

func TestModulesKeepTheirCredentials(t *testing.T) {
	t.Parallel()
	billing := inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(credentialsOf("billing")))
	for _, test := range []struct {
		place string
		dial  []grpc.DialOption // nil for one process
		want  []string          // that the handler receives
	}{
		{"one process", nil, []string{"billing"}},
		{"another process", []grpc.DialOption{grpc.EmptyDialOption{}}, []string{"billing"}},
		{"credentials of the connection", []grpc.DialOption{grpc.WithPerRPCCredentials(credentialsOf("admin"))}, []string{"admin", "billing"}},
	} {
		service := new(flags)
		channel, _ := oneProcess(inprocchain.NewChain(), service)
		if test.dial != nil {
			_, addr := listen(t, inprocchain.NewChain(), service)
			channel = connect(t, inprocchain.NewChain(), addr, test.dial...)
		}
		if _, err := pb.NewFlagsClient(channel.NewClient(billing)).Create(t.Context(), new(pb.CreateRequest)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(service.authorization, test.want) {
			t.Errorf("%s: the handler received the credentials %q, want %q", test.place, service.authorization, test.want)
		}
	}
}

func TestMessagesOver4MiBRequireLargerLimits(t *testing.T) {
	t.Parallel()
	large := &flags{description: strings.Repeat("x", 5<<20)}
	request := &pb.CreateRequest{Description: large.description}

	channel, _ := oneProcess(inprocchain.NewChain(), large)
	if _, err := pb.NewFlagsClient(channel).Create(t.Context(), request); err != nil {
		t.Errorf("in one process: %v", err)
	}

	two := pb.NewFlagsClient(start(t, inprocchain.NewChain(), large))
	if _, err := two.Create(t.Context(), request); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a large request to another process: %v, want ResourceExhausted", err)
	}
	if _, err := two.Create(t.Context(), new(pb.CreateRequest)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a large response from another process: %v, want ResourceExhausted", err)
	}

	const limit = 16 << 20
	chain := inprocchain.NewChain(
		inprocchain.WithServerMaxRecvMsgSize(limit),
		inprocchain.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(limit)),
	)
	raised := pb.NewFlagsClient(start(t, chain, large))
	if _, err := raised.Create(t.Context(), request); err != nil {
		t.Errorf("with the limits raised: %v", err)
	}
}

func TestOtherServicesWorkWhileOneIsDown(t *testing.T) {
	t.Parallel()
	server, addr := listen(t, inprocchain.NewChain(), new(flags))
	channel := connect(t, inprocchain.NewChain(), addr)
	server.Stop()

	client := pb.NewFlagsClient(channel)
	if _, err := client.Get(t.Context(), new(pb.GetRequest)); status.Code(err) != codes.Unavailable {
		t.Errorf("Get returned %v, want Unavailable", err)
	}
	if _, err := healthpb.NewHealthClient(channel).Check(t.Context(), new(healthpb.HealthCheckRequest)); err != nil {
		t.Errorf("Check returned %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.Get(ctx, new(pb.GetRequest), grpc.WaitForReady(true)); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("with WaitForReady, Get returned %v, want DeadlineExceeded", err)
	}
}

func TestRPCsOnABrokenConnectionEndWithUnavailable(t *testing.T) {
	t.Parallel()
	service := &flags{entered: make(chan bool, 1), left: make(chan error, 1)}
	server, addr := listen(t, inprocchain.NewChain(), service)
	client := pb.NewFlagsClient(connect(t, inprocchain.NewChain(), addr))
	result := make(chan error, 1)
	go func() {
		_, err := client.List(t.Context(), new(pb.ListRequest))
		result <- err
	}()
	<-service.entered
	server.Stop()
	if err := <-result; status.Code(err) != codes.Unavailable {
		t.Errorf("List returned %v, want Unavailable", err)
	}
}

// retries makes grpc-go repeat RPCs that failed with Unavailable. List only
// methods that are safe to repeat.
const retries = `{"methodConfig": [{
	"name": [{"service": "flags.v1.Flags", "method": "Get"}],
	"timeout": "2s",
	"retryPolicy": {
		"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "1s", "backoffMultiplier": 2,
		"retryableStatusCodes": ["UNAVAILABLE"]
	}
}]}`

func TestServiceConfigRetriesAndSetsDeadlines(t *testing.T) {
	t.Parallel()
	service := &flags{failures: 3}
	_, addr := listen(t, inprocchain.NewChain(), service)
	client := pb.NewFlagsClient(connect(t, inprocchain.NewChain(), addr, grpc.WithDefaultServiceConfig(retries)))
	if _, err := client.Get(t.Context(), &pb.GetRequest{Key: "flaky"}); err != nil {
		t.Errorf("Get returned %v after three failed attempts, want success in the fourth", err)
	}
	if !service.hadDeadline {
		t.Error("the handler had no deadline, want the one of the service config")
	}
}

func TestDeadlineAndCancellationReachTheOtherProcess(t *testing.T) {
	t.Parallel()
	service := &flags{entered: make(chan bool, 1), left: make(chan error, 1)}
	client := pb.NewFlagsClient(start(t, inprocchain.NewChain(), service))
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := client.List(ctx, new(pb.ListRequest))
		result <- err
	}()
	if !<-service.entered {
		t.Error("the handler has no deadline")
	}
	cancel()
	if err := <-result; status.Code(err) != codes.Canceled {
		t.Errorf("List returned %v, want Canceled", err)
	}
	if err := <-service.left; err != context.Canceled {
		t.Errorf("the handler's context ended with %v, want context.Canceled", err)
	}
}

func TestHandlersInAnotherProcessHaveNoClientContext(t *testing.T) {
	t.Parallel()
	for _, split := range []bool{false, true} {
		service := new(flags)
		channel, _ := oneProcess(inprocchain.NewChain(), service)
		network := "inproc"
		if split {
			channel = start(t, inprocchain.NewChain(), service)
			network = "tcp"
		}
		if _, err := pb.NewFlagsClient(channel).Create(t.Context(), new(pb.CreateRequest)); err != nil {
			t.Fatal(err)
		}
		if service.clientContext == split || service.network != network {
			t.Errorf("split %t: the handler sees its client's context: %t, and a peer of the network %s", split, service.clientContext, service.network)
		}
	}
}
