package connection_test

import (
	"context"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// A client's stats handler sees the header when it arrives, if the caller waits.
func TestWaitingCallersSeeTheHeaderAtOnce(t *testing.T) {
	t.Parallel()
	for kind, call := range calls {
		record := func(serve func(*testing.T, inprocchain.Chain, streamService) served) map[string][]string {
			j := new(journal)
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				send := func(ctx context.Context) error {
					if err := grpc.SendHeader(ctx, early); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Second) // in a bubble
					return nil
				}
				s := serve(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{event: func(event stats.RPCStats) {
					if _, isHeader := event.(*stats.InHeader); isHeader {
						j.add(kind, "InHeader after %v", time.Since(start))
					}
				}})), streamService{unary: send, stream: func(ss grpc.ServerStream) error { return send(ss.Context()) }})
				_ = call(t.Context(), s.cc)
				j.add(kind, "the end after %v", time.Since(start))
				s.cc.(*grpc.ClientConn).Close()
				s.stop()
			})
			return j.lines
		}
		if diff := cmp.Diff(record(servedOnNetwork), record(servedInProcess)); diff != "" {
			t.Errorf("(-network +in-process)\n%s", diff)
		}
	}
}

// streamMethods has the methods of a stream that do not wait for a message.
var streamMethods = map[string]func(grpc.ClientStream) error{
	"SendMsg":   func(s grpc.ClientStream) error { return s.SendMsg(new(text)) },
	"CloseSend": func(s grpc.ClientStream) error { return s.CloseSend() },
	"Header":    func(s grpc.ClientStream) error { _, err := s.Header(); return err },
	"RecvMsg":   func(s grpc.ClientStream) error { return s.RecvMsg(new(text)) },
}

// A client's stats handler runs on its caller's goroutine, so it sees a header that has arrived
// when the caller calls a method the next time.
func TestEachMethodOfAStreamTellsTheHeader(t *testing.T) {
	t.Parallel()
	for name, method := range streamMethods {
		synctest.Test(t, func(t *testing.T) {
			toldHeader := false
			s := servedInProcess(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{event: func(event stats.RPCStats) {
				if _, isHeader := event.(*stats.InHeader); isHeader {
					toldHeader = true
				}
			}})), streamService{stream: func(ss grpc.ServerStream) error {
				time.Sleep(time.Second) // in a bubble: until NewStream has returned
				err := ss.SendMsg(new(text))
				<-ss.Context().Done()
				return err
			}})
			defer s.stop()
			stream, err := s.cc.NewStream(t.Context(), bidi, bidiMethod)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if toldHeader {
				t.Error("the header was told while the caller was in no call")
			}
			if err := method(stream); err != nil || !toldHeader {
				t.Errorf("%s returned %v, and the header was told %t", name, err, toldHeader)
			}
			s.cc.(*grpc.ClientConn).Close()
		})
	}
}

// NewStream tells what has arrived, too.
func TestNewStreamTellsTheHeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		toldHeader := false
		s := servedInProcess(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{event: func(event stats.RPCStats) {
			switch event.(type) {
			case *stats.OutHeader:
				time.Sleep(time.Second) // in a bubble: until the header has arrived
			case *stats.InHeader:
				toldHeader = true
			}
		}})), streamService{stream: func(ss grpc.ServerStream) error {
			err := ss.SendHeader(nil)
			<-ss.Context().Done()
			return err
		}})
		defer s.stop()
		if _, err := s.cc.NewStream(t.Context(), bidi, bidiMethod); err != nil || !toldHeader {
			t.Errorf("NewStream returned %v, and the header was told %t", err, toldHeader)
		}
		s.cc.(*grpc.ClientConn).Close()
	})
}

// A lateTimer is a context that does not end at its deadline, as if the goroutine that ends it
// did not run.
type lateTimer struct {
	context.Context
	deadline time.Time
}

func (c lateTimer) Deadline() (time.Time, bool) { return c.deadline, true }

// Each method of a stream notices that the deadline has passed, whether or not the context has
// ended.
func TestEachMethodOfAStreamNoticesTheDeadline(t *testing.T) {
	t.Parallel()
	for name, method := range streamMethods {
		synctest.Test(t, func(t *testing.T) {
			var handler context.Context
			s := servedInProcess(t, inprocchain.Chain{}, streamService{stream: func(ss grpc.ServerStream) error {
				handler = ss.Context()
				<-handler.Done()
				return nil
			}})
			stream, err := s.cc.NewStream(lateTimer{t.Context(), time.Now().Add(time.Second)}, bidi, bidiMethod)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute) // in a bubble
			synctest.Wait()
			if handler.Err() != nil {
				t.Error("the handler's context has ended without a reason")
			}
			_ = method(stream)
			synctest.Wait()
			if handler.Err() == nil {
				t.Errorf("the handler's context has not ended after %s", name)
			}
			s.cc.(*grpc.ClientConn).Close()
			s.stop()
		})
	}
}

// A message that a handler sends after the deadline does not arrive, whether or not the context
// of its caller has ended.
func TestNoMessageArrivesAfterTheDeadline(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(grpc.ServerStream) error{
		"nothing":   func(grpc.ServerStream) error { return nil },
		"a header":  func(ss grpc.ServerStream) error { return ss.SendHeader(early) },
		"a message": func(ss grpc.ServerStream) error { return ss.SendMsg(new(text)) },
	} {
		record := func(serve func(*testing.T, inprocchain.Chain, streamService) served) map[string][]string {
			j := new(journal)
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, inprocchain.Chain{}, streamService{stream: func(ss grpc.ServerStream) error {
					j.add("handler", "before: %v", start(ss))
					time.Sleep(time.Minute) // in a bubble
					for range 2 {
						j.add("handler", "SendMsg failed: %t", ss.SendMsg(new(text)) != nil) // A network has one of two errors.
					}
					return nil
				}})
				stream, err := s.cc.NewStream(lateTimer{t.Context(), time.Now().Add(time.Second)}, bidi, bidiMethod)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour) // until the handler has returned
				for range 2 {
					j.add("caller", "RecvMsg: %v", status.Code(stream.RecvMsg(new(text))))
				}
				s.cc.(*grpc.ClientConn).Close()
				s.stop()
			})
			return j.lines
		}
		if diff := cmp.Diff(record(servedOnNetwork), record(servedInProcess)); diff != "" {
			t.Errorf("a handler that first sends %s: (-network +in-process)\n%s", name, diff)
		}
	}
}

// The only request of a stream is sent once, and its SendMsg does not tell of the end.
func TestSendMsgOfTheOnlyRequestIsAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, waits := range []bool{false, true} {
		record := func(serve func(*testing.T, inprocchain.Chain, streamService) served) map[string][]string {
			j := new(journal)
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, inprocchain.Chain{}, streamService{stream: func(ss grpc.ServerStream) error {
					if waits {
						j.add("handler", "RecvMsg: %v", ss.RecvMsg(new(text)))
						j.add("handler", "RecvMsg: %v", ss.RecvMsg(new(text)))
					}
					return nil
				}})
				stream, err := s.cc.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, bidiMethod)
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				j.add("caller", "SendMsg: %v", stream.SendMsg(new(text)))
				synctest.Wait()
				j.add("caller", "SendMsg: %v", stream.SendMsg(new(text)))
				j.add("caller", "RecvMsg: %t", stream.RecvMsg(new(text)) == io.EOF)
				s.cc.(*grpc.ClientConn).Close()
				s.stop()
			})
			return j.lines
		}
		if diff := cmp.Diff(record(servedOnNetwork), record(servedInProcess)); diff != "" {
			t.Errorf("the handler receives %t: (-network +in-process)\n%s", waits, diff)
		}
	}
}

// A server's stats handlers see the end of a handler that ends its goroutine.
func TestServerSeesTheEndOfAHandlerThatCallsGoexit(t *testing.T) {
	t.Parallel()
	for kind, call := range calls {
		synctest.Test(t, func(t *testing.T) {
			ended := 0
			s := servedInProcess(t, inprocchain.NewChain(inprocchain.WithServerStatsHandlers(observer{event: func(event stats.RPCStats) {
				if _, isEnd := event.(*stats.End); isEnd {
					ended++
				}
			}})), streamService{
				unary:  func(context.Context) error { runtime.Goexit(); return nil },
				stream: func(grpc.ServerStream) error { runtime.Goexit(); return nil },
			})
			if err := call(t.Context(), s.cc); err == nil || ended != 1 {
				t.Errorf("%s: the RPC returned %v, and %d ends were told, want an error and 1", kind, err, ended)
			}
			s.cc.(*grpc.ClientConn).Close()
			s.stop()
		})
	}
}

// What a client's stats handler sees of the metadata of its caller is a copy.
func TestOutHeaderHasACopyOfTheCallersMetadata(t *testing.T) {
	t.Parallel()
	for kind, call := range calls {
		synctest.Test(t, func(t *testing.T) {
			var header metadata.MD
			s := servedInProcess(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{event: func(event stats.RPCStats) {
				if out, isHeader := event.(*stats.OutHeader); isHeader {
					header = out.Header
				}
			}})), streamService{unary: func(context.Context) error { return nil }, stream: func(grpc.ServerStream) error { return nil }})
			own := metadata.Pairs("key", "value")
			_ = call(metadata.NewOutgoingContext(t.Context(), own), s.cc) // A stream may end before its message is sent.
			own["key"][0] = "changed"
			if got := header["key"]; len(got) != 1 || got[0] != "value" {
				t.Errorf("%s: OutHeader has %v after the caller has changed its metadata", kind, got)
			}
			s.cc.(*grpc.ClientConn).Close()
			s.stop()
		})
	}
}
