package chaintest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

func TestCompareAcceptsWhatIsTheSame(t *testing.T) {
	t.Parallel()
	for name, calls := range map[string]func(context.Context, grpc.ClientConnInterface) error{
		"unary": callUnary("message"), "error": callUnary("fail"), "stream": callBidi,
	} {
		t.Run(name, func(t *testing.T) { Compare(t, inprocchain.Chain{}, register, calls) })
	}
}

func TestCompareReportsStatsHandlersOutOfOrder(t *testing.T) {
	t.Parallel()
	r := newRecorder()
	first, second := firstServer{r}, lastServer{last{r}}
	ctx := second.TagRPC(first.TagRPC(t.Context(), &stats.RPCTagInfo{FullMethodName: unaryMethod}), nil)
	begin := &stats.Begin{}
	second.HandleRPC(ctx, begin)
	first.HandleRPC(ctx, begin)
	if text := r.records()[0].String(); !strings.Contains(text, outOfOrder.name) {
		t.Errorf("the order is not recorded:\n%s", text)
	}
}

func TestCompareReportsRPCsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	abandon := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
		if err != nil {
			return err
		}
		return errors.Join(s.SendMsg(wrapperspb.String("message")), s.RecvMsg(new(wrapperspb.StringValue)))
	}
	held, release := context.WithCancel(context.Background())
	t.Cleanup(release)
	deaf := through(wrongConn{open: func(cc grpc.ClientConnInterface, _ context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return cc.NewStream(held, desc, method, opts...)
	}})
	failures := failuresOf(t, func(t testing.TB) {
		compare(t, onNetwork, deaf, scenario{inprocchain.Chain{}, register, abandon, 100 * time.Millisecond})
	})
	mustFailWith(t, failures,
		"in-process, "+bidiMethod+": no End on the client: receive from the stream until an error, or cancel its context",
		"in-process, "+bidiMethod+": no End on the server: its handler has not returned",
		"in-process, a handler did not return",
		"client, at the end: on the network only, event 1: stats End",
	)

	forget := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
		return err
	}
	failures = failuresOf(t, func(t testing.TB) {
		compare(t, onNetwork, inProcess, scenario{inprocchain.Chain{}, register, forget, 100 * time.Millisecond})
	})
	mustFailWith(t, failures, "on the network, "+bidiMethod+": no End on the client", "in-process, "+bidiMethod+": no End on the client")
}

func TestCompareIsNotMisused(t *testing.T) {
	t.Parallel()
	none := func(context.Context, grpc.ClientConnInterface) error { return nil }
	for want, test := range map[string]func(t testing.TB){
		"calls made no RPC":                    func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, none) },
		"register and calls must not be nil":   func(t testing.TB) { Compare(t, inprocchain.Chain{}, nil, none) },
		"register and calls must not be nil, ": func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, nil) },
	} {
		t.Run(want, func(t *testing.T) { mustFailWith(t, failuresOf(t, test), strings.TrimSuffix(want, ", ")) })
	}
}

func TestCompareLetsPanicsThrough(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := recover(); got != "the caller's" {
			t.Errorf("recovered %v", got)
		}
	}()
	Compare(t, inprocchain.Chain{}, register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		_ = callUnary("message")(ctx, cc)
		panic("the caller's")
	})
}
