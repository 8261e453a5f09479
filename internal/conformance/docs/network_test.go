package docs_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// expect makes the call on a network and on a channel with the same chain, and checks
// both results.
func expect(t *testing.T, call func(grpc.ClientConnInterface, *observer) string, wantNetwork, wantInProcess string) {
	t.Helper()
	o := &observer{}
	if got := call(newNetwork(t, o.chain()), o); got != wantNetwork {
		t.Errorf("network: got %q, want %q", got, wantNetwork)
	}
	o = &observer{}
	channel := inprocchain.New(o.chain())
	healthpb.RegisterHealthServer(channel, &service{})
	channel.RegisterService(&echoDesc, nothing{})
	if got := call(channel, o); got != wantInProcess {
		t.Errorf("in-process: got %q, want %q", got, wantInProcess)
	}
}

func newNetwork(t *testing.T, chain inprocchain.Chain) *grpc.ClientConn {
	t.Helper()
	_, cc := serveNetwork(t, chain)
	return cc
}

func serveNetwork(t *testing.T, chain inprocchain.Chain, more ...grpc.ServerOption) (*grpc.Server, *grpc.ClientConn) {
	t.Helper()
	server := grpc.NewServer(append(chain.ServerOptions(), more...)...)
	healthpb.RegisterHealthServer(server, &service{})
	server.RegisterService(&echoDesc, nothing{})
	return server, overBufconn(t, server, chain.DialOptions()...)
}

// overBufconn serves a server until the end of the test and returns a connection to it.
func overBufconn(t *testing.T, server *grpc.Server, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return testservice.Dial(t, server, opts...)
}

// ask sends a question to the service, and returns the answer from the header.
func ask(ctx context.Context, cc grpc.ClientConnInterface, question string, opts ...grpc.CallOption) (string, error) {
	var header metadata.MD
	_, err := healthpb.NewHealthClient(cc).Check(ctx, &healthpb.HealthCheckRequest{Service: question}, append(opts, grpc.Header(&header))...)
	return strings.Join(header.Get("answer"), " "), err
}

type service struct {
	healthpb.UnimplementedHealthServer
}

func (*service) Check(ctx context.Context, req *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	switch question := req.Service; question {
	case "keys":
		keys := []string{}
		for key := range md {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		_ = grpc.SetHeader(ctx, metadata.MD{"answer": keys})
	case "compressors":
		_, err := grpc.ClientSupportedCompressors(ctx)
		_ = grpc.SetHeader(ctx, metadata.Pairs("answer", fmt.Sprint(err == nil)))
	case "exit":
		runtime.Goexit()
	default:
		_ = grpc.SetHeader(ctx, metadata.MD{"answer": md.Get(question)})
	}
	return &healthpb.HealthCheckResponse{}, nil
}

// The methods of echoDesc.
const (
	doubleMethod = "/docs.Echo/Double"
	nestedMethod = "/docs.Echo/Nested"
)

// echoDesc is a service that returns the message that it receives.
var echoDesc = grpc.ServiceDesc{
	ServiceName: "docs.Echo",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "Double", Handler: echo[wrapperspb.DoubleValue]},
		{MethodName: "Nested", Handler: echo[structpb.Value]},
	},
}

func echo[Message any](_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	message := new(Message)
	return message, decode(message)
}

// nothing implements the service of echoDesc.
type nothing struct{}

// A neverReceiving service does not receive messages.
type neverReceiving struct {
	grpchantesting.UnimplementedTestServiceServer
}

func (neverReceiving) ClientStream(stream grpchantesting.TestService_ClientStreamServer) error {
	<-stream.Context().Done()
	return nil
}

// secure credentials require a secure connection.
type secure struct{}

func (secure) GetRequestMetadata(_ context.Context, uri ...string) (map[string]string, error) {
	return map[string]string{"audience": strings.Join(uri, " ")}, nil
}

func (secure) RequireTransportSecurity() bool { return true }

// An observer records the events of the stats handlers of both sides.
type observer struct {
	mu     sync.Mutex
	client []stats.RPCStats
}

func (o *observer) chain() inprocchain.Chain {
	handler := testservice.Stats{OnRPC: func(_ context.Context, event stats.RPCStats) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if event.IsClient() {
			o.client = append(o.client, event)
		}
	}}
	return inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(handler),
		inprocchain.WithServerStatsHandlers(handler),
	)
}

// first returns the client's first event of a kind.
func first[T stats.RPCStats](o *observer) T {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, event := range o.client {
		if event, ok := event.(T); ok {
			return event
		}
	}
	return *new(T)
}
