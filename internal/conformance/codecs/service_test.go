package codecs_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

const (
	unaryMethod = testservice.Unary
	bidiMethod  = testservice.Bidi
)

var bidi = testservice.BidiDesc

// register registers a service whose handlers receive messages of the type that newMessage
// returns, and send each one back.
func register(r grpc.ServiceRegistrar, newMessage func() any) {
	testservice.Service{Message: newMessage}.Register(r)
}

// An exchange sends a message in each kind of RPC, and receives the response.
type exchange struct {
	name    string
	served  func() any // makes what the handler receives into
	sent    func() any
	reply   func() any // makes what the caller receives into
	opts    []grpc.CallOption
	code    codes.Code
	message string // part of that of the status
}

// compare makes the RPCs in-process and on a network, with services registered on the Channel
// and on its inprocgrpc.Channel.
func (e exchange) compare(t *testing.T) {
	calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		for _, call := range []func(context.Context, grpc.ClientConnInterface) error{e.unary, e.stream} {
			err := call(ctx, cc)
			if st := status.Convert(err); st.Code() != e.code || !strings.Contains(st.Message(), e.message) {
				t.Errorf("an RPC returned %v, want %v with %q", err, e.code, e.message)
			}
		}
		return nil
	}
	chaintest.Compare(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) { register(r, e.served) }, calls)
	t.Run("registered below", func(t *testing.T) {
		chaintest.Compare(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) {
			if ch, ok := r.(*inprocchain.Channel); ok {
				r = ch.InProcess()
			}
			register(r, e.served)
		}, calls)
	})
}

func (e exchange) unary(ctx context.Context, cc grpc.ClientConnInterface) error {
	var header, trailer metadata.MD
	return cc.Invoke(ctx, unaryMethod, e.sent(), e.reply(), append(e.opts, grpc.Header(&header), grpc.Trailer(&trailer))...)
}

func (e exchange) stream(ctx context.Context, cc grpc.ClientConnInterface) error {
	stream, err := cc.NewStream(ctx, bidi, bidiMethod, e.opts...)
	if err != nil {
		return err
	}
	for range 2 {
		if err := stream.SendMsg(e.sent()); err != nil && err != io.EOF {
			return err
		}
		if err := stream.RecvMsg(e.reply()); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if err := stream.RecvMsg(e.reply()); err != io.EOF {
		return err
	}
	_, err = stream.Header()
	return err
}
