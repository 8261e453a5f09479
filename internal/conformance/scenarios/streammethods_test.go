package scenarios_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

func TestStreamMethodsBehaveAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	add := func(name string, code codes.Code, serve func(grpc.ServerStream) error, use func(method string, s testStream) error) {
		for _, method := range allStreams {
			scenarios = append(scenarios, scenario{
				name:  kindOf(method) + "/" + name,
				serve: testService{stream: serve},
				calls: func(ctx context.Context, call testCaller) error {
					s, err := call.stream(ctx, method)
					if err != nil {
						return err
					}
					return use(method, s)
				},
				code: code,
			})
		}
	}
	withHeader := func(ss grpc.ServerStream) error {
		ss.SetTrailer(metadata.Pairs("trailer", "t"))
		if err := ss.SetHeader(metadata.Pairs("header", "h")); err != nil {
			return err
		}
		return replyWithLast(ss)
	}
	finish := func(method string, s testStream) error {
		if method == methodClientStream {
			return s.receiveOne()
		}
		return s.receiveAll()
	}
	add("Header first", codes.OK, withHeader, func(method string, s testStream) error {
		_ = s.sendAll("1")
		s.Header()
		return finish(method, s)
	})
	add("Header, Trailer and Context at the end", codes.OK, withHeader, func(method string, s testStream) error {
		_ = s.sendAll("1")
		err := finish(method, s)
		s.Header()
		s.Trailer()
		s.Trailer()
		s.Header()
		if s.Context() == nil {
			return errors.New("no context")
		}
		return err
	})
	add("Header twice before and after the first message", codes.OK, withHeader, func(method string, s testStream) error {
		_ = s.sendAll("1")
		s.Header()
		s.Header()
		err := s.receiveOne()
		s.Header()
		return errors.Join(err, ignoreEOF(s.receiveOne()))
	})
	add("Header of a stream without a header", codes.OK, replyWithLast, func(method string, s testStream) error {
		_ = s.sendAll("1")
		err := s.receiveOne()
		s.Header()
		return errors.Join(err, ignoreEOF(s.receiveOne()))
	})
	failed := func(grpc.ServerStream) error { return status.Error(codes.NotFound, "nothing") }
	add("Header of a trailers-only response", codes.NotFound, failed, func(method string, s testStream) error {
		s.Header()
		s.Trailer()
		return finish(method, s)
	})
	add("Header of a trailers-only response, after the error", codes.NotFound, failed, func(method string, s testStream) error {
		err := finish(method, s)
		s.Header()
		s.Trailer()
		return err
	})
	ended := func(grpc.ServerStream) error { return nil }
	for _, method := range []string{methodServerStream, methodBidiStream} {
		scenarios = append(scenarios, scenario{
			name:  kindOf(method) + "/Header of an empty stream",
			serve: testService{stream: ended},
			calls: func(ctx context.Context, call testCaller) error {
				s, err := call.stream(ctx, method)
				if err != nil {
					return err
				}
				s.Header()
				s.Trailer()
				return s.receiveAll()
			},
		})
	}
	add("RecvMsg after the end", codes.OK, replyWithLast, func(method string, s testStream) error {
		_ = s.sendAll("1")
		err := finish(method, s)
		_ = s.receiveOne()
		_ = s.receiveOne()
		return err
	})
	add("RecvMsg after an error", codes.NotFound, failed, func(method string, s testStream) error {
		err := finish(method, s)
		_ = s.receiveOne()
		return errors.Join(err, s.receiveOne())
	})
	add("CloseSend twice", codes.OK, replyWithLast, func(method string, s testStream) error {
		_ = s.sendAll("1")
		_ = s.CloseSend()
		return finish(method, s)
	})
	add("SendMsg after CloseSend", codes.Internal, func(ss grpc.ServerStream) error {
		<-ss.Context().Done()
		return ss.Context().Err()
	}, func(method string, s testStream) error {
		_ = s.sendAll("1")
		err := s.send("2")
		_ = s.receiveOne()
		return errors.Join(err, s.send("3"))
	})
	add("SendMsg of a value that is not a message", codes.Internal, func(ss grpc.ServerStream) error {
		<-ss.Context().Done()
		return ss.Context().Err()
	}, func(method string, s testStream) error {
		err := s.SendMsg("a string")
		_ = s.receiveOne()
		return err
	})
	add("handler's SendMsg of a value that is not a message", codes.Internal, func(ss grpc.ServerStream) error {
		_ = readAll(ss)
		if err := ss.SendMsg("a string"); err == nil {
			return errors.New("SendMsg succeeded")
		}
		_ = ss.SendMsg(new(testText))
		ss.SetTrailer(metadata.Pairs("too", "late"))
		_ = ss.SetHeader(metadata.Pairs("too", "late"))
		_ = ss.SendHeader(metadata.Pairs("too", "late"))
		return status.Error(codes.Internal, "too late")
	}, func(method string, s testStream) error {
		_ = s.sendAll("1")
		return finish(method, s)
	})
	add("nil messages", codes.OK, func(ss grpc.ServerStream) error {
		if err := readAll(ss); err != nil {
			return err
		}
		return ss.SendMsg((*testText)(nil))
	}, func(method string, s testStream) error {
		_ = s.SendMsg((*testText)(nil))
		_ = s.CloseSend()
		return finish(method, s)
	})
	add("untyped nil messages", codes.OK, func(ss grpc.ServerStream) error {
		if err := readAll(ss); err != nil {
			return err
		}
		return ss.SendMsg(nil)
	}, func(method string, s testStream) error {
		_ = s.SendMsg(nil)
		_ = s.CloseSend()
		return finish(method, s)
	})
	runScenarios(t, scenarios)
}

func TestStreamHandlerContextEndsAsOnANetwork(t *testing.T) {
	ended := make(chan struct{}, 1)
	watch := func(ctx context.Context) { ended <- <-ctx.Done() }
	await := func() error {
		select {
		case <-ended:
			return nil
		case <-time.After(5 * time.Second):
			return errors.New("the handler's context has not ended")
		}
	}
	var scenarios []scenario
	for name, serve := range map[string]func(grpc.ServerStream) error{
		"after it has returned": func(ss grpc.ServerStream) error {
			go watch(ss.Context())
			return nil
		},
		"after SendMsg has failed": func(ss grpc.ServerStream) error {
			_ = ss.SendMsg("a string")
			watch(ss.Context())
			return nil
		},
		"after it has returned an error": func(ss grpc.ServerStream) error {
			go watch(ss.Context())
			return status.Error(codes.Aborted, "")
		},
	} {
		scenarios = append(scenarios, scenario{
			name:  name,
			serve: testService{stream: serve},
			calls: func(ctx context.Context, call testCaller) error {
				s, err := call.stream(ctx, methodBidiStream)
				if err != nil {
					return err
				}
				if err := await(); err != nil { // It is called before RecvMsg.
					t.Error(err)
				}
				return ignoreError(s.receiveAll())
			},
		})
	}
	for _, s := range scenarios { // They run one after the other, because they share ended.
		t.Run(s.name, func(t *testing.T) {
			chaintest.Compare(t, inprocchain.Chain{}, s.serve.register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
				_ = s.calls(ctx, testCaller{cc}) // Compare compares the error.
				return nil
			})
		})
	}
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
