package inprocchain_test

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A textService is a testservice.Service with handlers of texts. A nil handler echoes.
type textService struct {
	unary  func(ctx context.Context, req string) (string, error)
	stream func(ss grpc.ServerStream) error
}

const (
	textUnary  = testservice.Unary
	textStream = testservice.Bidi
)

func (s textService) register(r grpc.ServiceRegistrar) {
	serve := testservice.Service{Stream: s.stream}
	if s.unary != nil {
		serve.Unary = func(ctx context.Context, req any) (any, error) {
			resp, err := s.unary(ctx, req.(*wrapperspb.StringValue).Value)
			return text(resp), err
		}
	}
	serve.Register(r)
}

func (s textService) onChannel(opts ...inprocchain.Option) *inprocchain.Channel {
	ch := inprocchain.New(opts...)
	s.register(ch)
	return ch
}

func (s textService) onNetwork(t *testing.T, opts ...grpc.DialOption) *grpc.ClientConn {
	server := grpc.NewServer()
	s.register(server)
	return testservice.Dial(t, server, opts...)
}

func callText(ctx context.Context, cc grpc.ClientConnInterface, text string, opts ...grpc.CallOption) (string, error) {
	reply := new(wrapperspb.StringValue)
	err := cc.Invoke(ctx, textUnary, wrapperspb.String(text), reply, opts...)
	return reply.Value, err
}

func openText(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return cc.NewStream(ctx, testservice.BidiDesc, textStream, opts...)
}

// streamText sends one text, and receives until the stream ends.
func streamText(ctx context.Context, cc grpc.ClientConnInterface, text string, opts ...grpc.CallOption) (string, error) {
	stream, err := openText(ctx, cc, opts...)
	if err != nil {
		return "", err
	}
	if err := stream.SendMsg(wrapperspb.String(text)); err != nil && err != io.EOF {
		return "", err
	}
	if err := stream.CloseSend(); err != nil {
		return "", err
	}
	return receiveTexts(stream)
}

func text(s string) *wrapperspb.StringValue { return wrapperspb.String(s) }

// receiveTexts receives until the stream ends, and concatenates the texts.
func receiveTexts(stream grpc.ClientStream) (all string, _ error) {
	for {
		text := new(wrapperspb.StringValue)
		if err := stream.RecvMsg(text); err != nil {
			return all, notEOF(err)
		}
		all += text.Value
	}
}

// textCalls has one function for each kind of RPC, which makes one such RPC.
var textCalls = map[string]func(context.Context, grpc.ClientConnInterface, string, ...grpc.CallOption) (string, error){
	"unary": callText, "stream": streamText,
}

// A record is a list that may be used concurrently.
type record[T any] struct {
	mu  sync.Mutex
	all []T
}

func (r *record[T]) add(one T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

// get returns what has been added.
func (r *record[T]) get() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// newChannel returns a Channel that serves grpchan's test service.
func newChannel(opts ...inprocchain.Option) *inprocchain.Channel {
	ch := inprocchain.New(opts...)
	grpchantesting.RegisterTestServiceServer(ch, &grpchantesting.TestServer{})
	return ch
}

// dial returns a connection to a grpc-go server that serves the same service, with
// the chain on both sides.
func dial(t *testing.T, chain inprocchain.Chain) *grpc.ClientConn {
	t.Helper()
	server := grpc.NewServer(chain.ServerOptions()...)
	grpchantesting.RegisterTestServiceServer(server, &grpchantesting.TestServer{})
	return testservice.Dial(t, server, chain.DialOptions()...)
}

// catch calls f and returns the value with which it panics, or nil.
func catch(f func()) (caught any) {
	defer func() { caught = recover() }()
	f()
	return nil
}

// A target is a network server of another process, and counts its connections.
type target struct {
	listener *bufconn.Listener
	closed   chan struct{} // receives a value when a client has closed a connection
}

// newTextTarget returns a target that serves the text service.
func newTextTarget(t *testing.T, s textService, opts ...grpc.ServerOption) *target {
	server := grpc.NewServer(opts...)
	s.register(server)
	return serveTarget(t, server)
}

func serveTarget(t *testing.T, server *grpc.Server) *target {
	return &target{listener: testservice.Listen(t, server), closed: make(chan struct{}, 100)}
}

// option returns the option that sends RPCs to the target.
func (to *target) option(services []string, opts ...grpc.DialOption) inprocchain.Option {
	opts = append([]grpc.DialOption{insecureDial, grpc.WithContextDialer(to.dial)}, opts...)
	return inprocchain.WithRemoteTarget("passthrough:///bufconn", services, opts...)
}

func (to *target) dial(ctx context.Context, _ string) (net.Conn, error) {
	conn, err := to.listener.DialContext(ctx)
	return &watchedConn{Conn: conn, closed: to.closed}, err
}

// A watchedConn tells when it is closed.
type watchedConn struct {
	net.Conn
	once   sync.Once
	closed chan<- struct{}
}

func (c *watchedConn) Close() error {
	c.once.Do(func() { c.closed <- struct{}{} })
	return c.Conn.Close()
}
