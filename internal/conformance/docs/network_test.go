package docs_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
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

// A stopping stats handler stops the server when the first header arrives, and makes an RPC
// before the client can learn of that: a network's connection waits for stats handlers.
type stopping struct {
	testservice.NoStats
	stop func() // nil once it has been called
	cc   grpc.ClientConnInterface
	err  error // of the RPC
}

// expect checks the code of the RPC, whose credentials fail.
func (h *stopping) expect(t *testing.T, cc grpc.ClientConnInterface, stop func(), want codes.Code) {
	t.Helper()
	h.cc, h.stop = cc, stop
	if _, err := ask(t.Context(), cc, ""); err != nil {
		t.Error(err)
	}
	synctest.Wait() // until the server has stopped
	if status.Code(h.err) != want {
		t.Errorf("got %v, want %v", h.err, want)
	}
}

func (h *stopping) HandleRPC(ctx context.Context, event stats.RPCStats) {
	if _, ok := event.(*stats.InHeader); ok && h.stop != nil {
		go h.stop()
		h.stop = nil
		synctest.Wait()
		_, h.err = ask(ctx, h.cc, "", grpc.PerRPCCredentials(failing{}))
	}
}

// failing credentials fail.
type failing struct{}

func (failing) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return nil, errors.New("no token")
}

func (failing) RequireTransportSecurity() bool { return false }

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

// A watched service sends one message.
type watched struct {
	healthpb.UnimplementedHealthServer
}

func (watched) Watch(_ *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	return stream.Send(&healthpb.HealthCheckResponse{})
}

// watchClosed closes a connection after its server has been stopped, and returns the error of the context
// of a stream that has not been read.
func watchClosed(t *testing.T, cc *grpc.ClientConn, stop func()) error {
	stream, err := healthpb.NewHealthClient(cc).Watch(t.Context(), &healthpb.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	_ = cc.Close()
	synctest.Wait()
	return stream.Context().Err()
}
