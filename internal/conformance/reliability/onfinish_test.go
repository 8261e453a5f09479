package reliability_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// endings is a service whose handlers end as the request demands.
var endings = scripted{
	unary: func(ctx context.Context, req any) (any, error) {
		return req, endAsRequested(ctx, req.(*wrapperspb.BytesValue))
	},
	stream: func(ss grpc.ServerStream) error {
		for {
			m := new(wrapperspb.BytesValue)
			if err := ss.RecvMsg(m); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := endAsRequested(ss.Context(), m); err != nil {
				return err
			}
			if err := ss.SendMsg(m); err != nil {
				return err
			}
		}
	},
}

func endAsRequested(ctx context.Context, m *wrapperspb.BytesValue) error {
	switch string(m.Value) {
	case "fail":
		return status.Error(codes.DataLoss, "failed")
	case "plain error":
		return io.ErrUnexpectedEOF
	case "wait":
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func unaryRPC(text string) func(context.Context, grpc.ClientConnInterface, ...grpc.CallOption) {
	return func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		_ = cc.Invoke(ctx, scriptedUnary, wrapperspb.Bytes([]byte(text)), new(wrapperspb.BytesValue), opts...) // OnFinish reports the error.
	}
}

// streamRPC sends the texts. It receives one message, or until the stream ends if the
// server streams.
func streamRPC(method string, desc grpc.StreamDesc, texts ...string) func(context.Context, grpc.ClientConnInterface, ...grpc.CallOption) {
	return func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		stream, err := cc.NewStream(ctx, &desc, method, opts...)
		if err != nil {
			return
		}
		for _, text := range texts {
			_ = stream.SendMsg(wrapperspb.Bytes([]byte(text))) // RecvMsg reports the error.
		}
		_ = stream.CloseSend()
		for stream.RecvMsg(new(wrapperspb.BytesValue)) == nil && desc.ServerStreams {
		}
	}
}

// finished has calls, each of which makes an RPC and ends it.
var finished = map[string]struct {
	call   func(context.Context, grpc.ClientConnInterface, ...grpc.CallOption)
	before func(context.Context) (context.Context, context.CancelFunc)
	opts   []grpc.CallOption
}{
	"unary":                   {call: unaryRPC("ok")},
	"unary, failed":           {call: unaryRPC("fail")},
	"unary, plain error":      {call: unaryRPC("plain error")},
	"unary, cancelled before": {call: unaryRPC("ok"), before: cancelled},
	"unary, timed out":        {call: unaryRPC("wait"), before: soon},
	"unary, too large": {call: unaryRPC("large"),
		opts: []grpc.CallOption{grpc.MaxCallSendMsgSize(1)}},
	"unary, response too large": {call: unaryRPC("large"),
		opts: []grpc.CallOption{grpc.MaxCallRecvMsgSize(1)}},
	"unary, bad metadata": {call: unaryRPC("ok"), before: badMetadata},
	"unary, unknown method": {call: func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		_ = cc.Invoke(ctx, "/test.Service/None", new(wrapperspb.BytesValue), new(wrapperspb.BytesValue), opts...)
	}},
	"stream":                   {call: streamRPC(scriptedBidi, *bidi, "a", "b")},
	"stream, empty":            {call: streamRPC(scriptedBidi, *bidi)},
	"stream, failed":           {call: streamRPC(scriptedBidi, *bidi, "a", "fail")},
	"stream, plain error":      {call: streamRPC(scriptedBidi, *bidi, "plain error")},
	"stream, cancelled before": {call: streamRPC(scriptedBidi, *bidi, "a"), before: cancelled},
	"stream, bad metadata":     {call: streamRPC(scriptedBidi, *bidi, "a"), before: badMetadata},
	"stream, timed out":        {call: streamRPC(scriptedBidi, *bidi, "wait"), before: soon},
	"stream, too large": {call: streamRPC(scriptedBidi, *bidi, "large"),
		opts: []grpc.CallOption{grpc.MaxCallSendMsgSize(1)}},
	"stream, response too large": {call: streamRPC(scriptedBidi, *bidi, "large"),
		opts: []grpc.CallOption{grpc.MaxCallRecvMsgSize(1)}},
	"stream, unknown method":     {call: streamRPC("/test.Service/None", *bidi)},
	"client stream, empty":       {call: streamRPC(scriptedClientStream, grpc.StreamDesc{ClientStreams: true})},
	"client stream, one message": {call: streamRPC(scriptedClientStream, grpc.StreamDesc{ClientStreams: true}, "a")},
	"server stream":              {call: streamRPC(scriptedServerStream, grpc.StreamDesc{ServerStreams: true}, "a")},
	"stream, abandoned": {call: func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		ctx, cancel := context.WithCancel(ctx)
		_, _ = cc.NewStream(ctx, bidi, scriptedBidi, opts...) // It cannot fail.
		cancel()
	}},
	"stream, abandoned after a message": {call: func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := cc.NewStream(ctx, bidi, scriptedBidi, opts...)
		if err != nil {
			return
		}
		_ = stream.SendMsg(wrapperspb.Bytes([]byte("a"))) // RecvMsg reports the error.
		_ = stream.RecvMsg(new(wrapperspb.BytesValue))
	}},
	"stream, ended at Header": {call: func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		stream, err := cc.NewStream(ctx, bidi, scriptedBidi, opts...)
		if err != nil {
			return
		}
		_ = stream.SendMsg(wrapperspb.Bytes([]byte("fail"))) // Header reports the error.
		_, _ = stream.Header()
	}},
}

func cancelled(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx, cancel
}

func soon(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 100*time.Millisecond)
}

func badMetadata(ctx context.Context) (context.Context, context.CancelFunc) {
	return metadata.AppendToOutgoingContext(ctx, "bad key", "value"), func() {}
}

func TestOnFinishIsCalledOnceWithResultOfRPC(t *testing.T) {
	t.Parallel()
	for name, rpc := range finished {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			finish := func(cc grpc.ClientConnInterface) *endOfRPC {
				ctx, cancel := t.Context(), context.CancelFunc(func() {})
				if rpc.before != nil {
					ctx, cancel = rpc.before(ctx)
				}
				defer cancel()
				end := newEndOfRPC()
				rpc.call(ctx, cc, append(rpc.opts, grpc.OnFinish(end.record))...)
				<-end.called
				return end
			}
			ch := endings.onChannel()
			want := finish(endings.onNetwork(t))
			gots := map[string]*endOfRPC{"Channel": finish(ch), "ClientConn": finish(ch.ClientConn())}
			if err := ch.Shutdown(t.Context()); err != nil { // After that, no RPC runs.
				t.Fatal(err)
			}
			for name, got := range gots {
				if got.String() != want.String() {
					t.Errorf("%s: OnFinish was called with %v, want %v as on the network", name, got, want)
				}
			}
		})
	}
}

// An endOfRPC records the calls of OnFinish.
type endOfRPC struct {
	called chan struct{} // closed by the first call
	mu     sync.Mutex
	errs   []string
}

func newEndOfRPC() *endOfRPC { return &endOfRPC{called: make(chan struct{})} }

func (e *endOfRPC) record(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	text := fmt.Sprint(err)
	if code := status.Code(err); code == codes.DeadlineExceeded {
		text = code.String() // On a network, the text varies.
	}
	e.errs = append(e.errs, text)
	if len(e.errs) == 1 {
		close(e.called)
	}
}

func (e *endOfRPC) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return fmt.Sprintf("%q", e.errs)
}

func TestOnFinishIsNeverCalledOnBareChannel(t *testing.T) {
	t.Parallel()
	end := newEndOfRPC()
	ch := endings.onBareChannel()
	unaryRPC("ok")(t.Context(), ch, grpc.OnFinish(end.record))
	streamRPC(scriptedBidi, *bidi, "a")(t.Context(), ch, grpc.OnFinish(end.record))
	if got := end.String(); got != "[]" {
		t.Errorf("on the bare channel OnFinish was called with %s; want no call", got)
	}
}

// The caller may reuse the variables of its call options once a method of the stream has
// returned the end of the RPC, even if another goroutine has ended it.
func TestCallOptionsAreSetWhenStreamEnds(t *testing.T) {
	t.Parallel()
	for range 200 {
		ended := new(eventCounter)
		ch := endings.onChannel(inprocchain.WithClientStatsHandlers(ended))
		ctx, cancel := context.WithCancel(t.Context())
		var trailer, header metadata.MD
		stream := openBidi(ctx, t, ch, grpc.Trailer(&trailer), grpc.Header(&header))
		go cancel()
		for stream.RecvMsg(new(wrapperspb.BytesValue)) == nil {
		}
		header, trailer = metadata.Pairs("mine", "now"), metadata.Pairs("mine", "now")
		if begun, over := ended.begun.Load(), ended.ended.Load(); begun != 1 || over != 1 {
			t.Fatalf("the stats handler received Begin %d times and End %d times, want each once", begun, over)
		}
		if len(header)+len(trailer) != 2 {
			t.Fatalf("%v or %v was written after the stream had ended", header, trailer)
		}
	}
}
