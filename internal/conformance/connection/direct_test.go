package connection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// directActions has what handlers do. ss is nil in a unary handler, and a step records the
// result of an operation.
var directActions = map[string]func(ctx context.Context, ss grpc.ServerStream, step func(string, any)) error{
	"sets metadata": func(ctx context.Context, _ grpc.ServerStream, step func(string, any)) error {
		step("SetHeader", grpc.SetHeader(ctx, metadata.Pairs("header", "1")))
		step("SetTrailer", grpc.SetTrailer(ctx, metadata.Pairs("trailer", "1")))
		return nil
	},
	"sets metadata and fails": func(ctx context.Context, _ grpc.ServerStream, step func(string, any)) error {
		step("SetHeader", grpc.SetHeader(ctx, metadata.Pairs("header", "1")))
		step("SetTrailer", grpc.SetTrailer(ctx, metadata.Pairs("trailer", "1")))
		return status.Error(codes.NotFound, "of the handler")
	},
	"sends a header with reserved keys": func(ctx context.Context, _ grpc.ServerStream, step func(string, any)) error {
		step("SendHeader", grpc.SendHeader(ctx, metadata.Pairs("header", "1", "te", "2", "grpc-timeout", "3")))
		return nil
	},
	"changes the metadata that it has set": func(ctx context.Context, _ grpc.ServerStream, step func(string, any)) error {
		header, trailer := metadata.Pairs("header", "1"), metadata.Pairs("trailer", "1")
		step("SetHeader", grpc.SetHeader(ctx, header))
		step("SetTrailer", grpc.SetTrailer(ctx, trailer))
		header["header"][0], trailer["trailer"][0] = "changed", "changed"
		header.Set("added", "1")
		trailer.Set("added", "1")
		return nil
	},
	"looks at its context": func(ctx context.Context, _ grpc.ServerStream, step func(string, any)) error {
		incoming, _ := metadata.FromIncomingContext(ctx)
		step("sent", incoming["sent"])
		step("te", incoming["te"])
		step("TagConn", ctx.Value(tagged{}))
		method, _ := grpc.Method(ctx)
		step("Method", method)
		return nil
	},
	"sends a header that the client cannot read": func(ctx context.Context, ss grpc.ServerStream, step func(string, any)) error {
		step("SendHeader", grpc.SendHeader(ctx, metadata.Pairs("header", "\x01")))
		time.Sleep(time.Second) // in a bubble: until all goroutines are blocked
		step("context", ctx.Err())
		if ss != nil {
			step("SendMsg", ss.SendMsg(new(text)))
		}
		return nil
	},
	"returns an error with the code OK": func(context.Context, grpc.ServerStream, func(string, any)) error {
		return errOK{errors.New("no error")}
	},
}

// directStreamActions has what only handlers of streams do.
var directStreamActions = map[string]func(ctx context.Context, ss grpc.ServerStream, step func(string, any)) error{
	"echoes": func(_ context.Context, ss grpc.ServerStream, step func(string, any)) error {
		message := new(text)
		step("RecvMsg", ss.RecvMsg(message))
		step("SendMsg", ss.SendMsg(message))
		step("RecvMsg", ss.RecvMsg(message))
		return nil
	},
	"sets a header that is not valid": func(_ context.Context, ss grpc.ServerStream, step func(string, any)) error {
		step("SetHeader", ss.SetHeader(metadata.MD{"Header": {"1"}}))
		step("SendHeader", ss.SendHeader(metadata.MD{"Header": {"1"}}))
		return nil
	},
	"sets a header that the client cannot read": func(ctx context.Context, ss grpc.ServerStream, step func(string, any)) error {
		step("SetHeader", grpc.SetHeader(ctx, metadata.Pairs("header", "\x01")))
		step("SendMsg", ss.SendMsg(new(text)))
		time.Sleep(time.Second) // in a bubble: until all goroutines are blocked
		step("context", ctx.Err())
		step("SendMsg", ss.SendMsg(new(text)))
		return nil
	},
	"sends what is no message": func(ctx context.Context, ss grpc.ServerStream, step func(string, any)) error {
		step("SendHeader", ss.SendHeader(nil)) // Below, it is sent before the message is looked at.
		step("SendMsg", status.Code(ss.SendMsg(1)))
		time.Sleep(time.Second) // in a bubble: until all goroutines are blocked
		step("context", ctx.Err())
		step("SendMsg", ss.SendMsg(new(text)))
		return nil
	},
}

// tagged is the key of a value of TagConn.
type tagged struct{}

// An errOK is an error whose status has the code OK.
type errOK struct{ error }

func (errOK) GRPCStatus() *status.Status { return status.New(codes.OK, "") }

// A handler whose RPC is made on the channel below has the results that it has on a network, and
// the server's stats handlers see the same events.
func TestHandlersOnTheChannelBelowAreAsOnANetwork(t *testing.T) {
	t.Parallel()
	for name, action := range directActions {
		for _, isObserved := range []bool{false, true} {
			directRPC{false, action, isObserved}.compare(t, "unary, "+name)
			directRPC{true, action, isObserved}.compare(t, "stream, "+name)
		}
	}
	for name, action := range directStreamActions {
		for _, isObserved := range []bool{false, true} {
			directRPC{true, action, isObserved}.compare(t, "stream, "+name)
		}
	}
}

type directRPC struct {
	isStream   bool
	action     func(ctx context.Context, ss grpc.ServerStream, step func(string, any)) error
	isObserved bool // by stats handlers of the server
}

func (d directRPC) compare(t *testing.T, name string) {
	t.Run(fmt.Sprintf("%s, with stats handlers %t", name, d.isObserved), func(t *testing.T) {
		t.Parallel()
		want, got := d.record(t, servedOnNetwork), d.record(t, servedDirectly)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-network +direct)\n%s", diff)
		}
	})
}

// record makes the RPC, and returns what both sides see.
func (d directRPC) record(t *testing.T, serve func(*testing.T, inprocchain.Chain, streamService) served) map[string][]string {
	j := new(journal)
	synctest.Test(t, func(t *testing.T) {
		var chain inprocchain.Chain
		if d.isObserved {
			chain = inprocchain.NewChain(inprocchain.WithServerStatsHandlers(observer{
				tagConn: func(ctx context.Context) context.Context { return context.WithValue(ctx, tagged{}, "tagged") },
				event:   func(event stats.RPCStats) { j.add("server's events", "%s", eventText(event)) },
			}))
		}
		handle := func(ctx context.Context, ss grpc.ServerStream) error {
			return d.action(ctx, ss, func(name string, result any) { j.add("handler", "%s: %v", name, result) })
		}
		s := serve(t, chain, streamService{
			unary:  func(ctx context.Context) error { return handle(ctx, nil) },
			stream: func(ss grpc.ServerStream) error { return handle(ss.Context(), ss) },
		})
		ctx := metadata.AppendToOutgoingContext(t.Context(), "sent", "1", "te", "2")
		header, trailer, err := d.call(ctx, s.cc)
		j.add("caller", "%v, header %v, trailer %v", err, textOf(header), textOf(trailer))
		time.Sleep(time.Minute) // The handler may go on.
		synctest.Wait()
		if cc, ok := s.cc.(*grpc.ClientConn); ok {
			cc.Close()
		}
		s.stop()
	})
	return j.lines
}

func (d directRPC) call(ctx context.Context, cc grpc.ClientConnInterface) (header, trailer metadata.MD, err error) {
	if !d.isStream {
		err = cc.Invoke(ctx, unaryMethod, wrapperspb.String("request"), new(text), grpc.Header(&header), grpc.Trailer(&trailer))
		return header, trailer, err
	}
	stream, err := cc.NewStream(ctx, bidi, bidiMethod)
	if err != nil {
		return nil, nil, err
	}
	_ = stream.SendMsg(wrapperspb.String("request"))
	_ = stream.CloseSend()
	header, _ = stream.Header()
	for err == nil {
		err = stream.RecvMsg(new(text))
	}
	if err == io.EOF {
		err = nil
	}
	return header, stream.Trailer(), err
}

// textOf returns what a handler has set.
func textOf(md metadata.MD) string {
	var all string
	for _, key := range slices.Sorted(maps.Keys(md)) {
		if key != "content-type" { // inprocgrpc has none.
			all += fmt.Sprintf("%s=%q ", key, md[key])
		}
	}
	return all
}
