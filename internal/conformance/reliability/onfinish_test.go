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

// endings is a service whose handlers end as the request says.
var endings = scripted{
	unary: func(ctx context.Context, req any) (any, error) {
		return req, endAsAsked(ctx, req.(*wrapperspb.BytesValue))
	},
	stream: func(ss grpc.ServerStream) error {
		for {
			m := new(wrapperspb.BytesValue)
			if err := ss.RecvMsg(m); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := endAsAsked(ss.Context(), m); err != nil {
				return err
			}
			if err := ss.SendMsg(m); err != nil {
				return err
			}
		}
	},
}

func endAsAsked(ctx context.Context, m *wrapperspb.BytesValue) error {
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
		_ = cc.Invoke(ctx, scriptedUnary, wrapperspb.Bytes([]byte(text)), new(wrapperspb.BytesValue), opts...) // OnFinish tells
	}
}

// streamRPC sends the texts, and receives until the end if it should.
func streamRPC(method string, desc grpc.StreamDesc, texts ...string) func(context.Context, grpc.ClientConnInterface, ...grpc.CallOption) {
	return func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		stream, err := cc.NewStream(ctx, &desc, method, opts...)
		if err != nil {
			return
		}
		for _, text := range texts {
			_ = stream.SendMsg(wrapperspb.Bytes([]byte(text))) // RecvMsg tells
		}
		_ = stream.CloseSend()
		for stream.RecvMsg(new(wrapperspb.BytesValue)) == nil && desc.ServerStreams {
		}
	}
}

// finished holds calls, each of which ends its RPC.
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
	"unary, answer too large": {call: unaryRPC("large"),
		opts: []grpc.CallOption{grpc.MaxCallRecvMsgSize(1)}},
	"unary, bad metadata": {call: unaryRPC("ok"), before: badMetadata},
	"unary, unknown method": {call: func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		_ = cc.Invoke(ctx, "/scripted.Service/None", new(wrapperspb.BytesValue), new(wrapperspb.BytesValue), opts...)
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
	"stream, answer too large": {call: streamRPC(scriptedBidi, *bidi, "large"),
		opts: []grpc.CallOption{grpc.MaxCallRecvMsgSize(1)}},
	"stream, unknown method":    {call: streamRPC("/scripted.Service/None", *bidi)},
	"client stream, no answer":  {call: streamRPC(scriptedClientStream, grpc.StreamDesc{ClientStreams: true})},
	"client stream, one answer": {call: streamRPC(scriptedClientStream, grpc.StreamDesc{ClientStreams: true}, "a")},
	"server stream":             {call: streamRPC(scriptedServerStream, grpc.StreamDesc{ServerStreams: true}, "a")},
	"stream, abandoned": {call: func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		ctx, cancel := context.WithCancel(ctx)
		_, _ = cc.NewStream(ctx, bidi, scriptedBidi, opts...) // it cannot fail
		cancel()
	}},
	"stream, abandoned after a message": {call: func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := cc.NewStream(ctx, bidi, scriptedBidi, opts...)
		if err != nil {
			return
		}
		_ = stream.SendMsg(wrapperspb.Bytes([]byte("a"))) // the echo tells
		_ = stream.RecvMsg(new(wrapperspb.BytesValue))
	}},
	"stream, ended at Header": {call: func(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) {
		stream, err := cc.NewStream(ctx, bidi, scriptedBidi, opts...)
		if err != nil {
			return
		}
		_ = stream.SendMsg(wrapperspb.Bytes([]byte("fail"))) // Header sees it
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
				rpc.call(ctx, cc, append(rpc.opts, grpc.OnFinish(end.tell))...)
				<-end.told
				return end
			}
			ch := endings.onChannel()
			want := finish(endings.onNetwork(t))
			gots := map[string]*endOfRPC{"Channel": finish(ch), "ClientConn": finish(ch.ClientConn())}
			if err := ch.Shutdown(t.Context()); err != nil { // no RPC runs now
				t.Fatal(err)
			}
			for way, got := range gots {
				if got.String() != want.String() {
					t.Errorf("%s: OnFinish was called with %v, want %v as on the network", way, got, want)
				}
			}
		})
	}
}

// An endOfRPC records the calls of OnFinish.
type endOfRPC struct {
	told chan struct{}
	mu   sync.Mutex
	errs []string
}

func newEndOfRPC() *endOfRPC { return &endOfRPC{told: make(chan struct{})} }

func (e *endOfRPC) tell(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	told := fmt.Sprint(err)
	if code := status.Code(err); code == codes.DeadlineExceeded {
		told = code.String() // on a network its text varies
	}
	e.errs = append(e.errs, told)
	if len(e.errs) == 1 {
		close(e.told)
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
	unaryRPC("ok")(t.Context(), ch, grpc.OnFinish(end.tell))
	streamRPC(scriptedBidi, *bidi, "a")(t.Context(), ch, grpc.OnFinish(end.tell))
	if got := end.String(); got != "[]" {
		t.Errorf("on the bare channel OnFinish was called with %s; want no call", got)
	}
}

// The caller may reuse the variables of its call options once a method of the
// stream has reported its end, even if another goroutine ended it.
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
			t.Fatalf("the stats handler was told of %d beginnings and %d ends, want one of each", begun, over)
		}
		if len(header)+len(trailer) != 2 {
			t.Fatalf("%v and %v were written after the stream had ended", header, trailer)
		}
	}
}
