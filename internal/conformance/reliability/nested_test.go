package reliability_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// TestRPCMadeInHandlerIsIndependent makes RPCs in the most difficult case: with the context
// of the handler's caller, on an inprocgrpc.Channel.
func TestRPCMadeInHandlerIsIndependent(t *testing.T) {
	t.Parallel()
	inner := scripted{
		unary:  func(context.Context, any) (any, error) { return wrapperspb.Bytes([]byte("inner")), nil },
		stream: func(ss grpc.ServerStream) error { return ss.SendMsg(wrapperspb.Bytes([]byte("inner"))) },
	}.onChannel(inprocchain.WithServerStatsHandlers(testservice.NoStats{})).InProcess()
	nested := func(ctx context.Context) (*wrapperspb.BytesValue, error) {
		unary, err := ask(inprocgrpc.ClientContext(ctx), inner, scriptedUnary)
		if err != nil {
			return nil, err
		}
		stream, err := ask(inprocgrpc.ClientContext(ctx), inner, scriptedBidi)
		return wrapperspb.Bytes([]byte("of " + unary + " and " + stream)), err
	}
	outer := scripted{
		unary: func(ctx context.Context, _ any) (any, error) { return nested(ctx) },
		stream: func(ss grpc.ServerStream) error {
			resp, err := nested(ss.Context())
			if err != nil {
				return err
			}
			return ss.SendMsg(resp)
		},
	}
	handwrittenDesc := handwritten(func(ctx context.Context, _ decoder, _ grpc.UnaryServerInterceptor) (any, error) { return nested(ctx) })
	ch, below := inprocchain.New(), inprocchain.New()
	for _, r := range []grpc.ServiceRegistrar{ch, below.InProcess()} {
		outer.register(r)
		r.RegisterService(handwrittenDesc, struct{}{})
	}
	for _, test := range []struct {
		name, method string
		cc           grpc.ClientConnInterface
	}{
		{"unary", scriptedUnary, ch},
		{"stream", scriptedBidi, ch},
		{"handwritten", handwrittenUnary, ch},
		{"unary, registered below", scriptedUnary, below},
		{"stream, registered below", scriptedBidi, below},
	} {
		got, err := ask(t.Context(), test.cc, test.method)
		if want := "of inner and inner"; got != want || err != nil {
			t.Errorf("%s: the caller received %q, %v; want %q", test.name, got, err, want)
		}
	}
}

// ask makes an RPC and returns its response, if there is one.
func ask(ctx context.Context, cc grpc.ClientConnInterface, method string) (string, error) {
	reply := new(wrapperspb.BytesValue)
	if !strings.HasSuffix(method, "Bidi") {
		err := cc.Invoke(ctx, method, new(wrapperspb.BytesValue), reply)
		return string(reply.Value), err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := cc.NewStream(ctx, bidi, method)
	if err != nil {
		return "", err
	}
	if err := s.CloseSend(); err != nil {
		return "", err
	}
	if err = s.RecvMsg(reply); err == io.EOF {
		err = nil
	}
	return string(reply.Value), err
}
