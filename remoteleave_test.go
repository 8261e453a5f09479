package inprocchain_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A brokenConn makes streams whose methods fail. It keeps the context of the last RPC.
type brokenConn struct {
	opening error
	stream  brokenStream
	ctx     context.Context
}

type brokenStream struct {
	grpc.ClientStream
	header, sending, receiving error
}

func (c *brokenConn) Invoke(ctx context.Context, _ string, _, _ any, _ ...grpc.CallOption) error {
	c.ctx = ctx
	return c.opening
}

func (c *brokenConn) NewStream(ctx context.Context, _ *grpc.StreamDesc, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	c.ctx = ctx
	if c.opening != nil {
		return nil, c.opening
	}
	return c.stream, nil
}

func (s brokenStream) Header() (metadata.MD, error) { return nil, s.header }
func (s brokenStream) SendMsg(any) error            { return s.sending }
func (s brokenStream) RecvMsg(any) error            { return s.receiving }

// However an RPC on the remote ends, its context ends, and Shutdown does not wait for it.
func TestRPCsOnTheRemoteLeave(t *testing.T) {
	t.Parallel()
	failure := status.Error(codes.Aborted, "failed")
	bidi, single := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, &grpc.StreamDesc{ClientStreams: true}
	for _, test := range []struct {
		name   string
		conn   brokenConn
		desc   *grpc.StreamDesc // nil for a unary RPC
		finish func(grpc.ClientStream, context.CancelFunc) error
		want   error
	}{
		{name: "a unary RPC that succeeds"},
		{name: "a unary RPC that fails", conn: brokenConn{opening: failure}, want: failure},
		{name: "a stream that cannot be opened", conn: brokenConn{opening: failure}, desc: bidi, want: failure},
		{
			name: "an error of RecvMsg", conn: brokenConn{stream: brokenStream{receiving: failure}}, desc: bidi, want: failure,
			finish: func(s grpc.ClientStream, _ context.CancelFunc) error { return s.RecvMsg(nil) },
		},
		{
			name: "the end of the responses", conn: brokenConn{stream: brokenStream{receiving: io.EOF}}, desc: bidi, want: io.EOF,
			finish: func(s grpc.ClientStream, _ context.CancelFunc) error { return s.RecvMsg(nil) },
		},
		{
			name: "the only response", desc: single,
			finish: func(s grpc.ClientStream, _ context.CancelFunc) error { return s.RecvMsg(nil) },
		},
		{
			name: "an error of SendMsg", conn: brokenConn{stream: brokenStream{sending: failure}}, desc: bidi, want: failure,
			finish: func(s grpc.ClientStream, _ context.CancelFunc) error { return s.SendMsg(nil) },
		},
		{
			name: "an error of Header", conn: brokenConn{stream: brokenStream{header: failure}}, desc: bidi, want: failure,
			finish: func(s grpc.ClientStream, _ context.CancelFunc) error { _, err := s.Header(); return err },
		},
		{
			name: "the end of the caller's context", desc: bidi,
			finish: func(_ grpc.ClientStream, cancel context.CancelFunc) error { cancel(); return nil },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // It fails at once if Shutdown waits.
				ch := inprocchain.New(inprocchain.WithRemote(&test.conn))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var err error
				if test.desc == nil {
					err = ch.Invoke(ctx, textUnary, text(""), text(""))
				} else {
					var stream grpc.ClientStream
					stream, err = ch.NewStream(ctx, test.desc, textStream)
					if err == nil {
						err = test.finish(stream, cancel)
					}
				}
				if !errors.Is(err, test.want) {
					t.Errorf("the RPC ended with %v, want %v", err, test.want)
				}
				if err := ch.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				if test.conn.ctx.Err() != context.Canceled {
					t.Error("the context of an RPC that has ended goes on")
				}
			})
		})
	}
}

// SendMsg returns io.EOF if RecvMsg returns the status, so the RPC goes on until then.
func TestStreamOnTheRemoteGoesOnAfterSendMsgReturnsEOF(t *testing.T) {
	t.Parallel()
	conn := brokenConn{stream: brokenStream{sending: io.EOF}}
	stream, err := inprocchain.New(inprocchain.WithRemote(&conn)).NewStream(t.Context(), testservice.BidiDesc, textStream)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.SendMsg(nil); err != io.EOF {
		t.Errorf("SendMsg returned %v, want io.EOF", err)
	}
	if err := conn.ctx.Err(); err != nil {
		t.Errorf("the context of the RPC has ended: %v", err)
	}
}

// As in grpc-go, OnFinish is called for an RPC that is refused.
func TestOnFinishIsCalledForRefusedRPCsOnTheRemote(t *testing.T) {
	t.Parallel()
	for kind, call := range textCalls {
		ch := inprocchain.New(inprocchain.WithRemote(new(brokenConn)))
		if err := ch.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		var finished []error
		_, err := call(t.Context(), ch, "", grpc.OnFinish(func(err error) { finished = append(finished, err) }))
		if status.Code(err) != codes.Unavailable {
			t.Errorf("%s: an RPC after Shutdown: %v, want Unavailable", kind, err)
		}
		if len(finished) != 1 || finished[0] != err {
			t.Errorf("%s: OnFinish was called with %v, want %v", kind, finished, err)
		}
	}
}

// An error that the other connection has found before Close is its own.
func TestCloseKeepsEarlierErrorsOfTheRemote(t *testing.T) {
	t.Parallel()
	failure := status.Error(codes.Aborted, "failed")
	ch := inprocchain.New(inprocchain.WithRemote(&brokenConn{stream: brokenStream{receiving: failure}}))
	stream, err := ch.NewStream(t.Context(), testservice.BidiDesc, textStream)
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(nil); err != failure {
		t.Errorf("RecvMsg returned %v, want %v", err, failure)
	}
}
