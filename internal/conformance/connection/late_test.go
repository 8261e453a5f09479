package connection_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A served is a service that somebody serves.
type served struct {
	cc   grpc.ClientConnInterface
	stop func() // stops the server, and waits for nothing
}

func servedOnNetwork(t *testing.T, chain inprocchain.Chain, s streamService) served {
	server := grpc.NewServer(chain.ServerOptions()...)
	s.register(server)
	return served{testservice.Dial(t, server, chain.DialOptions()...), func() { go server.Stop() }}
}

func servedInProcess(_ *testing.T, chain inprocchain.Chain, s streamService) served {
	ch := inprocchain.New(chain)
	s.register(ch)
	return served{ch.ClientConn(), func() { go ch.Close() }}
}

// servedDirectly serves callers of the channel that New makes, who pass the client's side by.
func servedDirectly(t *testing.T, chain inprocchain.Chain, s streamService) served {
	ch := inprocchain.New(chain)
	s.register(ch)
	cc := &keepingConn{ClientConnInterface: ch.InProcess()}
	t.Cleanup(func() { runtime.KeepAlive(cc) })
	return served{cc, func() { go ch.Close() }}
}

// A keepingConn keeps its streams. A finalizer of inprocgrpc cancels the context of a stream, which
// it may not do to one of a bubble.
type keepingConn struct {
	grpc.ClientConnInterface
	streams []grpc.ClientStream
}

func (c *keepingConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	c.streams = append(c.streams, stream)
	return stream, err
}

// A streamService has a unary method and a stream.
type streamService struct {
	unary  func(context.Context) error
	stream func(grpc.ServerStream) error
}

func (s streamService) register(r grpc.ServiceRegistrar) {
	testservice.Service{
		Unary:  func(ctx context.Context, req any) (any, error) { return req, s.unary(ctx) },
		Stream: s.stream,
	}.Register(r)
}

// lateEnds has what ends an RPC while its handler runs.
var lateEnds = map[string]func(s served, cancel func()){
	"the caller cancels":       func(_ served, cancel func()) { cancel() },
	"the ClientConn is closed": func(s served, _ func()) { s.cc.(*grpc.ClientConn).Close() },
	"the caller cancels and the ClientConn is closed": func(s served, cancel func()) {
		cancel()
		synctest.Wait()
		s.cc.(*grpc.ClientConn).Close()
	},
	"the server is stopped": func(s served, _ func()) { s.stop() },
}

// lateActions has what a handler does afterwards. ss is nil in a unary handler.
var lateActions = map[string]func(ctx context.Context, ss grpc.ServerStream) error{
	"SetHeader": func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SetHeader(ctx, late) },
	"SetHeader of none": func(ctx context.Context, _ grpc.ServerStream) error {
		return grpc.ServerTransportStreamFromContext(ctx).SetHeader(nil) // grpc.SetHeader would not ask it.
	},
	"SendHeader": func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SendHeader(ctx, late) },
	"SetTrailer": func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SetTrailer(ctx, late) },
	"SendHeader twice": func(ctx context.Context, _ grpc.ServerStream) error {
		_ = grpc.SendHeader(ctx, late)
		return grpc.SendHeader(ctx, late)
	},
	"SetHeader after SendHeader": func(ctx context.Context, _ grpc.ServerStream) error {
		_ = grpc.SendHeader(ctx, late)
		return grpc.SetHeader(ctx, late)
	},
	"SendMsg": func(_ context.Context, ss grpc.ServerStream) error { return ss.SendMsg(new(text)) },
	"SendMsg twice": func(_ context.Context, ss grpc.ServerStream) error {
		_ = ss.SendMsg(new(text))
		return ss.SendMsg(new(text))
	},
	"RecvMsg": func(_ context.Context, ss grpc.ServerStream) error { return ss.RecvMsg(new(text)) },
}

// lateStarts has what a handler does before the end.
var lateStarts = map[string]func(context.Context) error{
	"does nothing":   func(context.Context) error { return nil },
	"sets a header":  func(ctx context.Context) error { return grpc.SetHeader(ctx, early) },
	"sends a header": func(ctx context.Context) error { return grpc.SendHeader(ctx, early) },
}

var (
	early = metadata.Pairs("early", "value")
	late  = metadata.Pairs("late", "value")
)

// What a handler does after its RPC has ended has the results and the effects that it has on a
// network: nothing of it reaches the caller.
func TestLateActionsOfAHandlerAreAsOnANetwork(t *testing.T) {
	t.Parallel()
	for endName, end := range lateEnds {
		for actionName, action := range lateActions {
			t.Run(endName+", then "+actionName, func(t *testing.T) {
				t.Parallel()
				for startName, start := range lateStarts {
					for _, returned := range []error{nil, status.Error(codes.NotFound, "of the handler")} {
						for _, isObserved := range []bool{false, true} {
							rpc := lateRPC{start: start, end: end, action: action, returned: returned, isObserved: isObserved, isDirect: !strings.Contains(endName, "ClientConn"), isOfMessages: strings.Contains(actionName, "Msg")}
							name := fmt.Sprintf("a handler that first %s and returns %v, with stats handlers %t", startName, returned, isObserved)
							rpc.compare(t, "stream, "+name)
							if !rpc.isOfMessages {
								rpc.isUnary = true
								rpc.compare(t, "unary, "+name)
							}
						}
					}
				}
			})
		}
	}
}

// A lateRPC is an RPC whose handler does something after the end.
type lateRPC struct {
	isUnary    bool
	start      func(context.Context) error
	end        func(s served, cancel func())
	action     func(context.Context, grpc.ServerStream) error
	returned   error
	isObserved bool // by stats handlers
	isDirect   bool // The channel below is compared, too.

	isOfMessages bool // The action is one of streams.
}

// compare makes the RPC on a network, on a Channel, and on the channel below, where the
// client's side is not the library's.
func (l lateRPC) compare(t *testing.T, name string) {
	t.Helper()
	want, got := l.record(t, servedOnNetwork), l.record(t, servedInProcess)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: (-network +in-process)\n%s", name, diff)
	}
	if !l.isDirect {
		return
	}
	direct := l.record(t, servedDirectly)
	for _, observer := range []string{"handler", "server's events"} {
		if diff := cmp.Diff(want[observer], direct[observer]); diff != "" {
			t.Errorf("%s: %s: (-network +direct)\n%s", name, observer, diff)
		}
	}
}

// record makes the RPC, and returns what both sides see.
func (l lateRPC) record(t *testing.T, serve func(*testing.T, inprocchain.Chain, streamService) served) map[string][]string {
	j := new(journal)
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		again := func() {}
		handle := func(ctx context.Context, ss grpc.ServerStream) error {
			if !l.isOfMessages { // grpc-go allows no messages then.
				again = func() { j.add("handler", "after it has returned: %v", l.action(ctx, ss)) }
			}
			j.add("handler", "before: %v", l.start(ctx))
			<-proceed
			j.add("handler", "context: %v", ctx.Err())
			j.add("handler", "after: %v", l.action(ctx, ss))
			return l.returned
		}
		var opts []inprocchain.Option
		if l.isObserved {
			opts = []inprocchain.Option{
				inprocchain.WithClientStatsHandlers(observer{event: func(event stats.RPCStats) {
					switch event.(type) {
					case *stats.DelayedPickComplete: // A network alone has it.
					case *stats.InHeader: // On a network, it may even come before OutHeader.
						j.add("client's InHeader", "%s", eventText(event))
					default:
						j.add("client's events", "%s", eventText(event))
					}
				}}),
				inprocchain.WithServerStatsHandlers(observer{event: func(event stats.RPCStats) { j.add("server's events", "%s", eventText(event)) }}),
			}
		}
		s := serve(t, inprocchain.NewChain(opts...), streamService{
			unary:  func(ctx context.Context) error { return handle(ctx, nil) },
			stream: func(ss grpc.ServerStream) error { return handle(ss.Context(), ss) },
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go l.call(ctx, s.cc, j)
		synctest.Wait()
		l.end(s, cancel)
		synctest.Wait()
		j.add("caller", "the handler goes on")
		close(proceed)
		synctest.Wait()
		again()
		synctest.Wait()
		if cc, ok := s.cc.(*grpc.ClientConn); ok {
			cc.Close()
		}
		s.stop()
	})
	return j.lines
}

func (l lateRPC) call(ctx context.Context, cc grpc.ClientConnInterface, j *journal) {
	var header, trailer metadata.MD
	opts := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer)}
	if l.isUnary {
		err := cc.Invoke(ctx, unaryMethod, new(text), new(text), opts...)
		j.add("caller", "%v, header %v, trailer %v", status.Code(err), header["early"], trailer)
		return
	}
	stream, err := cc.NewStream(ctx, bidi, bidiMethod, opts...)
	if err != nil {
		j.add("caller", "NewStream: %v", status.Code(err))
		return
	}
	// Header would have one of two errors on a network when the connection is closed.
	err = stream.RecvMsg(new(text))
	j.add("caller", "RecvMsg: %v, header %v, trailer %v, %v", status.Code(err), header["early"], trailer, stream.Trailer())
	received, err := stream.Header()
	j.add("caller", "Header: %v, %v", received["early"], err)
}

// eventText returns the type of an event and its metadata that a handler has sent.
func eventText(event stats.RPCStats) string {
	switch e := event.(type) {
	case *stats.OutHeader:
		return fmt.Sprintf("OutHeader %v %v", e.Header["early"], e.Header["late"])
	case *stats.InHeader:
		return fmt.Sprintf("InHeader %v %v", e.Header["early"], e.Header["late"])
	case *stats.InTrailer:
		return fmt.Sprintf("InTrailer %v", e.Trailer)
	case *stats.OutTrailer:
		return fmt.Sprintf("OutTrailer %v", e.Trailer)
	case *stats.End:
		if e.Client {
			return fmt.Sprintf("End %v %v", status.Code(e.Error), e.Trailer)
		}
		return fmt.Sprintf("End %v", e.Error)
	}
	return fmt.Sprintf("%T", event)
}
