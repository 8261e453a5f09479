package shared_test

import (
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A handler may return a cached message, and a part of it, while others read and encode it. The
// race detector finds a copy that reads what proto.Size stores.
func TestCachedResponsesAreSentConcurrently(t *testing.T) {
	t.Parallel()
	cached := newTree()
	for name, channel := range map[string]*inprocchain.Channel{
		"without stats handlers": tree{unary: returnPart(cached), stream: sendParts(cached)}.sharing(),
		"with stats handlers": tree{unary: returnPart(cached), stream: sendParts(cached)}.sharing(
			inprocchain.WithServerStatsHandlers(testservice.NoStats{}), inprocchain.WithClientStatsHandlers(testservice.NoStats{})),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all sync.WaitGroup
			for _, use := range []func(){
				func() { _, _ = callTree(t.Context(), channel, &testpb.Open{}) },
				func() { _, _ = callTree(t.Context(), channel, &testpb.Open{Number: proto.Int64(1)}) },
				func() { _, _ = callTree(t.Context(), channel, cached.Children[1]) },
				func() { streamTree(t, channel, cached) },
				func() { proto.Size(cached) },
				func() { _, _ = proto.Marshal(cached.Children[1]) },
				func() { _ = cached.String() },
			} {
				all.Go(func() {
					for range 50 {
						use()
					}
				})
			}
			all.Wait()
			if !proto.Equal(cached, newTree()) {
				t.Errorf("the cached message is %v now", cached)
			}
		})
	}
}

// returnPart returns a handler that returns all, or one of its children.
func returnPart(all *testpb.Open) func(context.Context, *testpb.Open) (*testpb.Open, error) {
	return func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
		if req.Number == nil {
			return all, nil
		}
		return all.Children[req.GetNumber()], nil
	}
}

// sendParts returns a handler that receives a message, and sends one.
func sendParts(all *testpb.Open) func(grpc.ServerStream) error {
	return func(ss grpc.ServerStream) error {
		if err := ss.RecvMsg(new(testpb.Open)); err != nil {
			return err
		}
		return ss.SendMsg(all.Children[0])
	}
}

// An interceptor may send a request several times, one after the other or at once.
func TestInterceptorsSendARequestAgain(t *testing.T) {
	t.Parallel()
	for name, interceptor := range map[string]grpc.UnaryClientInterceptor{"retry": retry, "hedging": hedge} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := make(chan struct{}, 2)
			failed <- struct{}{}
			failed <- struct{}{}
			channel := tree{unary: func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
				req.Number = proto.Int64(rand.Int64()) // It is the handler's own field.
				select {
				case <-failed:
					return nil, status.Error(codes.Unavailable, "try again")
				default:
					return &testpb.Open{Child: req.Child, Children: slices.Clone(req.Children)}, nil
				}
			}}.sharing(inprocchain.WithUnaryClientInterceptors(interceptor))
			sent := newTree()
			replied, err := callTree(t.Context(), channel, sent)
			if err != nil {
				t.Fatal(err)
			}
			if !proto.Equal(replied, &testpb.Open{Child: sent.Child, Children: sent.Children}) {
				t.Errorf("received %v for %v", replied, sent)
			}
			if !proto.Equal(sent, newTree()) {
				t.Errorf("the request is %v now", sent)
			}
		})
	}
}

// retry makes an RPC again until it succeeds.
func retry(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	for {
		if err := invoker(ctx, method, req, reply, cc, opts...); status.Code(err) != codes.Unavailable {
			return err
		}
	}
}

// hedge makes three RPCs at once, and returns the last one that succeeds.
func hedge(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	replies := make(chan proto.Message, 3)
	var attempts sync.WaitGroup
	for range 3 {
		attempts.Go(func() {
			attempt := reply.(proto.Message).ProtoReflect().New().Interface()
			if invoker(ctx, method, req, attempt, cc, opts...) == nil {
				replies <- attempt
			}
		})
	}
	attempts.Wait()
	close(replies)
	err := status.Error(codes.Unavailable, "all attempts have failed")
	for attempt := range replies {
		err = nil
		proto.Reset(reply.(proto.Message))
		proto.Merge(reply.(proto.Message), attempt)
	}
	return err
}

// A handler whose caller has left because of a timeout may still read its request. The caller
// may set the fields of its own struct meanwhile.
func TestHandlerReadsItsRequestAfterATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		returned := make(chan struct{})
		read := make(chan *testpb.Open, 1)
		channel := tree{unary: func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
			<-returned
			read <- proto.CloneOf(req)
			return req, nil
		}}.sharing()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		sent := newTree()
		_, err := callTree(ctx, channel, sent)
		if status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("the RPC ended with %v, want DeadlineExceeded", err)
		}
		close(returned)
		sent.Text = proto.String("used again")
		sent.Child, sent.Numbers = nil, nil
		if got := <-read; !proto.Equal(got, newTree()) {
			t.Errorf("the handler read %v, want %v", got, newTree())
		}
		if err := channel.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Stats handlers get the sizes that they get without the option.
func TestSharedMessagesAreMeasuredForStatsHandlers(t *testing.T) {
	t.Parallel()
	want := proto.Size(newTree())
	sizes := new(payloadSizes)
	channel := tree{}.sharing(inprocchain.WithServerStatsHandlers(sizes), inprocchain.WithClientStatsHandlers(sizes))
	if _, err := callTree(t.Context(), channel, newTree()); err != nil {
		t.Fatal(err)
	}
	if got := sizes.all; !slices.Equal(got, []int{want, want, want, want}) {
		t.Errorf("the sizes of payloads are %v, want four of %d", got, want)
	}
}

// payloadSizes is a stats handler that records the sizes of messages.
type payloadSizes struct {
	testservice.NoStats
	mu  sync.Mutex
	all []int
}

func (p *payloadSizes) HandleRPC(_ context.Context, event stats.RPCStats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *stats.InPayload:
		p.all = append(p.all, event.Length)
	case *stats.OutPayload:
		p.all = append(p.all, event.Length)
	}
}

func TestLimitsApplyToSharedMessages(t *testing.T) {
	t.Parallel()
	large := &testpb.Open{Child: &testpb.Open{Text: proto.String(strings.Repeat("x", 1<<10))}}
	for name, limit := range map[string]grpc.CallOption{"sent": grpc.MaxCallSendMsgSize(1 << 9), "received": grpc.MaxCallRecvMsgSize(1 << 9)} {
		if _, err := callTree(t.Context(), tree{}.sharing(), large, limit); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("%s: got %v, want ResourceExhausted", name, err)
		}
	}
}

// proto.Size stores the size of a message in it, so a message of size 0 was not measured.
func TestSharedMessagesAreNotMeasuredWithoutNeed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		channel *inprocchain.Channel
		want    bool
	}{
		"nobody asks":       {tree{}.sharing(), false},
		"a stats handler":   {tree{}.sharing(inprocchain.WithServerStatsHandlers(testservice.NoStats{})), true},
		"the client's own":  {tree{}.sharing(inprocchain.WithClientStatsHandlers(testservice.NoStats{})), true},
		"a limit of a call": {tree{}.sharing(inprocchain.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(1 << 20))), true},
	} {
		sent := newTree()
		if _, err := callTree(t.Context(), test.channel, sent); err != nil {
			t.Fatal(err)
		}
		if got := reflect.ValueOf(sent).Elem().FieldByName("sizeCache").Int() > 0; got != test.want {
			t.Errorf("%s: measured: %v, want %v", name, got, test.want)
		}
	}
}

// A stream whose receiver stalls holds at most 20 MiB, also of shared messages.
func TestSharedMessagesInAQueueAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		channel := tree{stream: func(ss grpc.ServerStream) error {
			<-ss.Context().Done()
			return nil
		}}.sharing()
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := channel.NewStream(ctx, testservice.BidiDesc, treeStream)
		if err != nil {
			t.Fatal(err)
		}
		sent := 0
		go func() {
			for stream.SendMsg(&testpb.Open{Child: &testpb.Open{Data: make([]byte, 1<<20)}}) == nil {
				sent++
			}
		}()
		synctest.Wait()
		if sent < 20 || sent > 21 {
			t.Errorf("%d messages of 1 MiB were sent before the sender blocked, want 20 or 21", sent)
		}
		cancel()
		synctest.Wait()
	})
}
