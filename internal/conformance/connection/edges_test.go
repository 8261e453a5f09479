package connection_test

import (
	"context"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A stats handler may change the peer that it finds at its end of a connection.
func TestEndsOfAConnectionShareNoPeer(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		change := func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
			if p, ok := peer.FromContext(ctx); ok {
				p.Addr = nil
			}
			return ctx
		}
		record := func(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
			j.add("server", "%s", peerText(peer.FromContext(ctx)))
			return ctx
		}
		cc := over.open(t, inprocchain.NewChain(
			inprocchain.WithClientStatsHandlers(testservice.Stats{OnTagConn: change}),
			inprocchain.WithServerStatsHandlers(testservice.Stats{OnTagConn: record}),
		), service{}.register)
		var p peer.Peer
		if _, err := callUnary(t.Context(), cc, grpc.Peer(&p)); err != nil {
			t.Fatal(err)
		}
		j.add("caller", "%s", peerText(&p, true))
		return j
	})
}

// A connection that is ended while its beginning is told ends afterwards.
func TestConnectionThatIsClosedWhileItBeginsEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		proceed := make(chan struct{})
		var told []string
		ch := inprocchain.New(inprocchain.WithClientStatsHandlers(testservice.Stats{
			OnTagConn: func(ctx context.Context, _ *stats.ConnTagInfo) context.Context { <-proceed; return ctx },
			OnConn: func(_ context.Context, event stats.ConnStats) {
				_, isBegin := event.(*stats.ConnBegin)
				told = append(told, map[bool]string{true: "begin", false: "end"}[isBegin])
			},
		}))
		service{}.register(ch)
		go func() { _, _ = callUnary(t.Context(), ch) }()
		synctest.Wait()
		closeChannel(t, ch)
		close(proceed)
		synctest.Wait()
		if want := []string{"begin", "end"}; !slices.Equal(told, want) {
			t.Errorf("stats handlers were told %q, want %q", told, want)
		}
	})
}

// A client may be closed while the ends of connections are told.
func TestClientIsClosedWhileConnectionsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ends := 0
		ch := inprocchain.New(inprocchain.WithClientStatsHandlers(testservice.Stats{OnConn: func(_ context.Context, event stats.ConnStats) {
			if _, isEnd := event.(*stats.ConnEnd); isEnd {
				time.Sleep(time.Second) // in a bubble
			}
		}}))
		service{}.register(ch)
		client := ch.NewClient(inprocchain.WithClientStatsHandlers(testservice.Stats{OnConn: func(_ context.Context, event stats.ConnStats) {
			if _, isEnd := event.(*stats.ConnEnd); isEnd {
				ends++
			}
		}}))
		for _, cc := range []grpc.ClientConnInterface{ch, client} {
			if _, err := callUnary(t.Context(), cc); err != nil {
				t.Fatal(err)
			}
		}
		go shutDown(t, ch)
		synctest.Wait()
		_ = client.Close()
		shutDown(t, ch)
		if ends != 1 {
			t.Errorf("the end of a connection was told %d times, want once", ends)
		}
	})
}

// A slowContext is a context that ends at no time, although it has told so. While armed is not
// nil, the first call of Err waits until armed is closed.
type slowContext struct {
	context.Context
	done, armed chan struct{}
	isArmed     chan bool // has a value while the next call of Err is to wait
}

func (c slowContext) Done() <-chan struct{} { return c.done }

func (c slowContext) Err() error {
	select {
	case <-c.isArmed:
		<-c.armed
	default:
	}
	return nil
}

// A handler may use its response again when its context has ended, so the context ends after
// the caller has copied the response, and so does Shutdown.
func TestResponseIsInFlightUntilItIsCopied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := slowContext{t.Context(), make(chan struct{}), make(chan struct{}), make(chan bool, 1)}
		proceed := make(chan struct{})
		var handler context.Context
		ch := inprocchain.New()
		service{func(ctx context.Context) { handler = ctx; <-proceed }}.register(ch)
		result := make(chan error, 1)
		go func() { _, err := callUnary(ctx, ch); result <- err }()
		synctest.Wait()
		ctx.isArmed <- true
		close(ctx.done)
		synctest.Wait() // The caller asks its context.
		close(proceed)
		synctest.Wait() // The handler has returned.
		isShutDown := false
		go func() { shutDown(t, ch); isShutDown = true }()
		synctest.Wait()
		if handler.Err() != nil || isShutDown {
			t.Errorf("before the response is copied, the handler's context has ended with %v, and Shutdown has returned: %t", handler.Err(), isShutDown)
		}
		close(ctx.armed)
		synctest.Wait()
		if err := <-result; err != nil || handler.Err() == nil || !isShutDown {
			t.Errorf("afterwards, the RPC has ended with %v, the handler's context with %v, and Shutdown has returned: %t", err, handler.Err(), isShutDown)
		}
	})
}

// Shutdown waits for a handler that waits for a handler of another Channel, whose RPCs are
// therefore accepted.
func TestShutdownAcceptsRPCsThroughAnotherChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := inprocchain.New(), inprocchain.New()
		handle := func(next grpc.ClientConnInterface) testservice.Service {
			return testservice.Service{Unary: func(ctx context.Context, req any) (any, error) {
				if depth, _ := metadata.FromIncomingContext(ctx); len(depth["depth"]) > 1 {
					return req, nil
				}
				time.Sleep(time.Second) // in a bubble: until Shutdown has been called
				incoming, _ := metadata.FromIncomingContext(ctx)
				ctx = metadata.NewOutgoingContext(ctx, metadata.MD{"depth": append(incoming["depth"], "1")})
				_, err := callUnary(ctx, next)
				return req, err
			}}
		}
		handle(second).Register(first)
		handle(first).Register(second)
		result := make(chan error, 1)
		go func() { _, err := callUnary(t.Context(), first); result <- err }()
		synctest.Wait()
		shutDown(t, first)
		shutDown(t, second)
		if err := <-result; err != nil {
			t.Errorf("the RPC of a handler that Shutdown waits for: %v", err)
		}
	})
}

// When Close of a ClientConn has returned, nothing more is sent. There are many streams, so that
// not all of the goroutines that end them have run before.
func TestNothingIsSentAfterCloseOfAClientConn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servedInProcess(t, inprocchain.Chain{}, streamService{stream: blocked})
		var streams []grpc.ClientStream
		for range 100 {
			stream, err := s.cc.NewStream(t.Context(), bidi, bidiMethod)
			if err != nil {
				t.Fatal(err)
			}
			streams = append(streams, stream)
		}
		_ = s.cc.(*grpc.ClientConn).Close()
		for _, stream := range streams {
			if err := stream.SendMsg(new(text)); err != io.EOF {
				t.Errorf("SendMsg returned %v, want io.EOF", err)
			}
		}
		s.stop()
	})
}

// The caller of a stream whose message cannot be sent does not wait for its handler.
func TestCallerDoesNotWaitForAHandlerWhoseStreamHasFailed(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		start := time.Now()
		cc := over.open(t, inprocchain.Chain{}, testservice.Service{Stream: func(ss grpc.ServerStream) error {
			err := ss.SendMsg("a string")
			time.Sleep(time.Second) // in a bubble
			return err
		}}.Register)
		stream, err := cc.NewStream(t.Context(), bidi, bidiMethod)
		if err != nil {
			t.Fatal(err)
		}
		j.add("caller", "%v after %v", status.Code(stream.RecvMsg(new(text))), time.Since(start))
		time.Sleep(time.Minute) // until the handler has returned
		return j
	})
}

// A handler need not receive its request. Its context ends if there is none.
func TestContextOfAHandlerEndsWithoutARequest(t *testing.T) {
	t.Parallel()
	compare(t, nil, func(t *testing.T, over transport) *journal {
		j := new(journal)
		desc := testservice.Desc()
		desc.Methods[0].Handler = func(_ any, ctx context.Context, _ func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			select {
			case <-ctx.Done():
			case <-time.After(time.Hour): // in a bubble
			}
			j.add("handler", "the context has ended with %v", ctx.Err())
			return nil, ctx.Err()
		}
		cc := over.open(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) { r.RegisterService(desc, testservice.Service{}) })
		j.add("caller", "%v", status.Code(cc.Invoke(t.Context(), unaryMethod, "a string", new(text))))
		return j
	})
}

// Credentials learn nothing of an RPC that will be refused.
func TestCredentialsAreNotAskedAfterAHookIsReplaced(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New()
	service{}.register(ch)
	ch.InProcess().WithCloner(inprocgrpc.ProtoCloner{})
	asked := 0
	_, err := callUnary(t.Context(), ch, grpc.PerRPCCredentials(askedCredentials{func(string) { asked++ }}))
	if status.Code(err) != codes.Internal || asked > 0 {
		t.Errorf("the RPC returned %v, and credentials were asked %d times, want Internal and none", err, asked)
	}
}

// askedCredentials calls ask with the audience.
type askedCredentials struct{ ask func(audience string) }

func (c askedCredentials) GetRequestMetadata(_ context.Context, audience ...string) (map[string]string, error) {
	c.ask(audience[0])
	return nil, nil
}

func (askedCredentials) RequireTransportSecurity() bool { return false }

// The audience of credentials does not have the usual port.
func TestAudienceOfCredentialsIsAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, authority := range []string{"host", "host:443", "host:444"} {
		compare(t, nil, func(t *testing.T, over transport) *journal {
			j := new(journal)
			cc := over.open(t, inprocchain.Chain{}, service{}.register)
			ask := grpc.PerRPCCredentials(askedCredentials{func(audience string) { j.add("credentials", "%s", audience) }})
			j.add("caller", "%v", cc.Invoke(t.Context(), unaryMethod, wrapperspb.String("message"), new(text), ask, grpc.CallAuthority(authority)))
			return j
		})
	}
}
