package scenarios_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A scenario makes RPCs that must have the same results in-process as on a network.
type scenario struct {
	name  string
	chain []inprocchain.Option
	serve testService
	calls func(context.Context, testCaller) error

	code codes.Code // of the error that calls returns, which shows that the scenario works
}

func runScenarios(t *testing.T, scenarios []scenario, defaults ...func(*scenario)) {
	t.Helper()
	for _, s := range scenarios {
		for _, set := range defaults {
			set(&s)
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.compare(t, s.serve.register)
			t.Run("registered below", func(t *testing.T) {
				s.compare(t, func(r grpc.ServiceRegistrar) { s.serve.register(inProcessRegistrar(t, r)) })
			})
		})
	}
}

func (s scenario) compare(t *testing.T, register func(grpc.ServiceRegistrar)) {
	chaintest.Compare(t, inprocchain.NewChain(s.chain...), register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		err := s.calls(ctx, testCaller{cc})
		if got := status.Code(err); got != s.code {
			t.Errorf("calls returned %v, want code %v", err, s.code)
		}
		if s.code == codes.Unimplemented { // Compare fails if every RPC ends with it.
			return testCaller{cc}.unary(ctx)
		}
		return nil
	})
}

// inProcessRegistrar returns the inprocgrpc.Channel of a Channel.
func inProcessRegistrar(t *testing.T, r grpc.ServiceRegistrar) grpc.ServiceRegistrar {
	switch r := r.(type) {
	case *inprocchain.Channel:
		return r.InProcess()
	case *grpc.Server:
	default:
		t.Errorf("services are registered on a %T, want a Channel or a server", r)
	}
	return r
}

type testText = wrapperspb.StringValue

// A testService has a unary handler and a stream handler. A nil handler echoes.
type testService struct {
	unary  func(context.Context, *testText) (any, error)
	stream func(grpc.ServerStream) error
}

const (
	methodUnary        = testservice.Unary
	methodClientStream = testservice.ClientStream
	methodServerStream = testservice.ServerStream
	methodBidiStream   = testservice.Bidi
	methodUnaryStream  = testservice.UnaryStream // streams in neither direction
)

func (s testService) register(registrar grpc.ServiceRegistrar) {
	serve := testservice.Service{Stream: s.stream}
	if s.unary != nil {
		serve.Unary = func(ctx context.Context, req any) (any, error) { return s.unary(ctx, req.(*testText)) }
	}
	serve.Register(registrar)
}

// replyWithLast receives all messages and sends the last one back.
func replyWithLast(stream grpc.ServerStream) error {
	last := new(testText)
	for {
		msg := new(testText)
		err := stream.RecvMsg(msg)
		if err == io.EOF {
			return stream.SendMsg(last)
		}
		if err != nil {
			return err
		}
		last = msg
	}
}

// replyToFirst receives one message and sends it back n times.
func replyToFirst(n int) func(grpc.ServerStream) error {
	return func(stream grpc.ServerStream) error {
		msg := new(testText)
		if err := stream.RecvMsg(msg); err != nil {
			return err
		}
		for range n {
			if err := stream.SendMsg(msg); err != nil {
				return err
			}
		}
		return nil
	}
}

// A testCaller calls the service.
type testCaller struct {
	grpc.ClientConnInterface
}

func (c testCaller) unary(ctx context.Context, opts ...grpc.CallOption) error {
	return c.Invoke(ctx, methodUnary, wrapperspb.String("request"), new(testText), opts...)
}

func (c testCaller) stream(ctx context.Context, method string, opts ...grpc.CallOption) (testStream, error) {
	desc := &grpc.StreamDesc{
		ClientStreams: method != methodServerStream,
		ServerStreams: method != methodClientStream,
	}
	s, err := c.NewStream(ctx, desc, method, opts...)
	return testStream{s}, err
}

type testStream struct {
	grpc.ClientStream
}

func (s testStream) send(message string) error { return s.SendMsg(wrapperspb.String(message)) }

func (s testStream) sendAll(messages ...string) error {
	for _, message := range messages {
		if err := s.send(message); err != nil {
			return err
		}
	}
	return s.CloseSend()
}

// receiveAll receives until the end of the stream, and returns nil for io.EOF.
func (s testStream) receiveAll() error {
	for {
		switch err := s.RecvMsg(new(testText)); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// receiveOne receives one message.
func (s testStream) receiveOne() error { return s.RecvMsg(new(testText)) }

// exchange sends all messages and receives until the stream ends.
func (c testCaller) exchange(ctx context.Context, method string, messages ...string) error {
	s, err := c.stream(ctx, method)
	if err != nil {
		return err
	}
	if err := s.sendAll(messages...); err != nil && err != io.EOF {
		return err
	}
	if method == methodClientStream {
		return s.receiveOne()
	}
	return s.receiveAll()
}

// all makes an RPC of each kind, and returns the joined errors.
func (c testCaller) all(ctx context.Context) error {
	errs := []error{c.unary(ctx)}
	for _, method := range []string{methodClientStream, methodServerStream, methodBidiStream} {
		errs = append(errs, c.exchange(ctx, method, "request"))
	}
	for _, err := range errs[1:] {
		if status.Code(err) != status.Code(errs[0]) {
			return errors.Join(errs...)
		}
	}
	return errs[0]
}
