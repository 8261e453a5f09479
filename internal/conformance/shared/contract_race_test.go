//go:build race

package shared_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// misuse is the environment variable for a program that breaks the contract.
const misuse = "SHARED_TEST_MISUSE"

// A program that is built with the race detector and breaks the contract ends with a panic
// that names the method, the message and the field.
func TestContractFindsChanges(t *testing.T) {
	t.Parallel()
	const afterwards, again = " after it was sent", " since it was sent before"
	for name, test := range map[string]struct {
		run  func(*testing.T)
		want string
	}{
		"a handler sets a nested default":         {handlerSetsDefault, treeUnary + ": the request (inprocchain.test.Open) has changed at child.number" + afterwards},
		"a handler writes to a map":               {handlerWritesMap, treeUnary + ": the request (inprocchain.test.Open) has changed at blobs" + afterwards},
		"an interceptor scrubs a nested field":    {interceptorScrubs, treeUnary + ": the request (inprocchain.test.Open) has changed at child.data" + afterwards},
		"an interceptor scrubs a response":        {interceptorScrubsResponse, treeUnary + ": the response (inprocchain.test.Open) has changed at child.data" + again},
		"a caller sorts a cached response":        {callerSorts, treeUnary + ": the response (inprocchain.test.Open) has changed at numbers[0]" + again},
		"a handler changes a message it has sent": {streamHandlerChanges, treeStream + ": response 1 (inprocchain.test.Open) has changed at children[1].text" + afterwards},
		"a caller changes a message it has sent":  {streamCallerChanges, treeStream + ": request 2 (inprocchain.test.Open) has changed at child.data" + afterwards},
		"a handler changes an extension":          {handlerChangesExtension, treeUnary + ": the request (inprocchain.test.Open) has changed at [inprocchain.test.extra_child].text" + afterwards},
		"a recovery interceptor does not hide it": {recovered, "has changed at child.number" + afterwards},
		"the server's stats handlers see the end": {endsFirst, "End\npanic: inprocchain: WithSharedMessages: "},
		"a panic of the handler is not replaced":  {handlerPanics, "panic: the handler's own"},
		"a caller merges into what it received":   {callerMerges, treeUnary + ": the response (inprocchain.test.Open) has changed at child.text" + again},
	} {
		t.Run(name, func(t *testing.T) {
			if os.Getenv(misuse) != "" {
				test.run(t)
				return
			}
			t.Parallel()
			output, err := runMisuse(t)
			if err == nil || !strings.Contains(output, test.want) {
				t.Errorf("the program ended with %v, want an output with %q\n%s", err, test.want, output)
			}
		})
	}
}

// runMisuse runs the test in another process, and returns what that prints.
func runMisuse(t *testing.T) (string, error) {
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	self := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+pattern, "-test.timeout=60s")
	self.Env = append(os.Environ(), misuse+"=1")
	output, err := self.CombinedOutput()
	return string(output), err
}

// callOnce makes an RPC with a new request. If the check finds something, it does not return.
func callOnce(t *testing.T, serve func(context.Context, *testpb.Open) (*testpb.Open, error), opts ...inprocchain.Option) {
	req := newTree()
	proto.SetExtension(req, testpb.E_ExtraChild, &testpb.Open{Text: proto.String("extra")})
	if _, err := callTree(t.Context(), tree{unary: serve}.sharing(opts...), req); err != nil {
		t.Fatal(err)
	}
}

func setDefault(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
	req.Child.Number = proto.Int64(100)
	return new(testpb.Open), nil
}

func handlerSetsDefault(t *testing.T) { callOnce(t, setDefault) }

func handlerWritesMap(t *testing.T) {
	callOnce(t, func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
		req.Blobs["new"] = nil
		return new(testpb.Open), nil
	})
}

func handlerChangesExtension(t *testing.T) {
	callOnce(t, func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
		proto.GetExtension(req, testpb.E_ExtraChild).(*testpb.Open).Text = nil
		return new(testpb.Open), nil
	})
}

func interceptorScrubs(t *testing.T) {
	callOnce(t, nil, inprocchain.WithUnaryServerInterceptors(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			resp, err := handler(ctx, req)
			req.(*testpb.Open).Child.Data = nil // before it is logged
			return resp, err
		}))
}

func interceptorScrubsResponse(t *testing.T) {
	callTwice(t, func(*testpb.Open) {}, inprocchain.WithUnaryClientInterceptors(
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			err := invoker(ctx, method, req, reply, cc, opts...)
			reply.(*testpb.Open).Child.Data = nil
			return err
		}))
}

func callerSorts(t *testing.T) {
	callTwice(t, func(reply *testpb.Open) { slices.Sort(reply.Numbers) })
}

func callerMerges(t *testing.T) {
	callTwice(t, func(reply *testpb.Open) {
		proto.Merge(reply, &testpb.Open{Child: &testpb.Open{Text: proto.String("merged")}})
	})
}

// callTwice makes two RPCs whose handler returns the same response.
func callTwice(t *testing.T, use func(*testpb.Open), opts ...inprocchain.Option) {
	cached := newTree()
	channel := tree{unary: func(context.Context, *testpb.Open) (*testpb.Open, error) { return cached, nil }}.sharing(opts...)
	for range 2 {
		reply, err := callTree(t.Context(), channel, new(testpb.Open))
		if err != nil {
			t.Fatal(err)
		}
		use(reply)
	}
}

func streamHandlerChanges(t *testing.T) {
	channel := tree{stream: func(ss grpc.ServerStream) error {
		first := newTree()
		if err := ss.SendMsg(first); err != nil {
			return err
		}
		first.Children[1].Text = proto.String("changed")
		return ss.SendMsg(newTree())
	}}.sharing()
	stream := openTree(t, channel)
	for stream.RecvMsg(new(testpb.Open)) == nil {
	}
}

func streamCallerChanges(t *testing.T) {
	stream := openTree(t, tree{stream: receiveAll}.sharing())
	second := newTree()
	for _, m := range []*testpb.Open{newTree(), second} {
		if err := stream.SendMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	second.Child.Data = []byte("for the next message")
	_ = stream.CloseSend()
	_ = stream.RecvMsg(new(testpb.Open))
}

func receiveAll(ss grpc.ServerStream) error {
	for {
		if err := ss.RecvMsg(new(testpb.Open)); err != nil {
			return nil
		}
	}
}

func recovered(t *testing.T) {
	callOnce(t, setDefault, inprocchain.WithUnaryServerInterceptors(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (_ any, err error) {
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("recovered: %v", r)
				}
			}()
			return handler(ctx, req)
		}))
}

func endsFirst(t *testing.T) {
	callOnce(t, setDefault, inprocchain.WithServerStatsHandlers(endPrinter{}))
}

// An endPrinter is a stats handler that prints the end of an RPC.
type endPrinter struct{ testservice.NoStats }

func (endPrinter) HandleRPC(_ context.Context, event stats.RPCStats) {
	if _, isEnd := event.(*stats.End); isEnd {
		fmt.Fprintln(os.Stderr, "End")
	}
}

func handlerPanics(t *testing.T) {
	callOnce(t, func(ctx context.Context, req *testpb.Open) (*testpb.Open, error) {
		_, _ = setDefault(ctx, req)
		panic("the handler's own")
	})
}

// What the contract allows must not be reported.
func TestContractAllows(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*testing.T){
		"a request that is used again": func(t *testing.T) {
			channel, req := tree{}.sharing(), newTree()
			for i := range 3 {
				req.Number, req.Child = proto.Int64(int64(i)), &testpb.Open{}
				req.Numbers = append(req.Numbers, int64(i))
				if _, err := callTree(t.Context(), channel, req); err != nil {
					t.Fatal(err)
				}
			}
		},
		"a response that is used again": func(t *testing.T) {
			cached := newTree()
			channel := tree{unary: func(context.Context, *testpb.Open) (*testpb.Open, error) {
				cached.Child, cached.Blobs = newTree(), nil
				cached.Number = proto.Int64(cached.GetNumber() + 1)
				return cached, nil
			}}.sharing()
			for range 3 {
				if _, err := callTree(t.Context(), channel, newTree()); err != nil {
					t.Fatal(err)
				}
			}
		},
		"a stream that sends one message again": func(t *testing.T) {
			channel := tree{stream: func(ss grpc.ServerStream) error {
				m := newTree()
				for i := range 100 {
					m.Number, m.Child = proto.Int64(int64(i)), &testpb.Open{}
					if err := ss.SendMsg(m); err != nil {
						return err
					}
				}
				return nil
			}}.sharing()
			stream := openTree(t, channel)
			for stream.RecvMsg(new(testpb.Open)) == nil {
			}
		},
		"a handler that sets its own fields": func(t *testing.T) {
			callOnce(t, func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
				req.Number, req.Child, req.Blobs = nil, nil, nil
				req.Children = append(req.Children, newTree())
				proto.ClearExtension(req, testpb.E_ExtraChild)
				return req, nil
			})
		},
		"a message that is measured and encoded": func(t *testing.T) {
			callOnce(t, func(_ context.Context, req *testpb.Open) (*testpb.Open, error) {
				_, err := proto.Marshal(req.Child)
				return req, err
			})
		},
		"a handler that ends its goroutine": func(t *testing.T) {
			_, err := callTree(t.Context(), tree{unary: func(context.Context, *testpb.Open) (*testpb.Open, error) {
				runtime.Goexit()
				return nil, nil
			}}.sharing(), newTree())
			if err == nil {
				t.Error("the RPC has a response")
			}
		},
		"changes without the option": func(t *testing.T) {
			if _, err := callTree(t.Context(), tree{unary: setDefault}.onChannel(), newTree()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
}
