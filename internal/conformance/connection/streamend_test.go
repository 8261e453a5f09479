package connection_test

import (
	"context"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// blocked is a stream handler that waits for the end.
func blocked(ss grpc.ServerStream) error {
	<-ss.Context().Done()
	return nil
}

// A stream that ends while its caller is in a method is over when the method returns, with the
// first reason to end.
func TestEndDuringAMethodIsAsOnANetwork(t *testing.T) {
	t.Parallel()
	for name, reasons := range map[string]func(cancel func(), cc *grpc.ClientConn){
		"cancel": func(cancel func(), _ *grpc.ClientConn) { cancel() },
		"cancel, then Close": func(cancel func(), cc *grpc.ClientConn) {
			cancel()
			synctest.Wait()
			_ = cc.Close()
		},
		"Close": func(_ func(), cc *grpc.ClientConn) { _ = cc.Close() },
	} {
		record := func(serve func(*testing.T, inprocchain.Chain, streamService) served) (lines []string) {
			synctest.Test(t, func(t *testing.T) {
				var during func()
				s := serve(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(testservice.At[*stats.OutPayload](func() { during() }))),
					streamService{stream: blocked})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				during = func() {
					reasons(cancel, s.cc.(*grpc.ClientConn))
					synctest.Wait()
				}
				stream, err := s.cc.NewStream(ctx, bidi, bidiMethod, grpc.OnFinish(func(err error) { lines = append(lines, "OnFinish: "+err.Error()) }))
				if err != nil {
					t.Fatal(err)
				}
				_ = stream.SendMsg(new(text))
				synctest.Wait()
				lines = append(lines, "SendMsg has returned")
				_ = s.cc.(*grpc.ClientConn).Close()
				s.stop()
			})
			return lines
		}
		if want, got := record(servedOnNetwork), record(servedInProcess); len(want) != 2 || !slices.Equal(want, got) {
			t.Errorf("%s: in-process: %q, over a network: %q", name, got, want)
		}
	}
}

// A stream whose deadline has passed is over when any method returns, though its context has not
// ended.
func TestMethodFinishesAStreamAfterItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := servedInProcess(t, inprocchain.Chain{}, streamService{stream: blocked})
		finished := codes.OK
		stream, err := s.cc.NewStream(lateTimer{t.Context(), time.Now().Add(time.Second)}, bidi, bidiMethod,
			grpc.OnFinish(func(err error) { finished = status.Code(err) }))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // in a bubble
		if err := stream.CloseSend(); err != nil || finished != codes.DeadlineExceeded {
			t.Errorf("CloseSend returned %v, and OnFinish was called with %v, want nil and DeadlineExceeded", err, finished)
		}
		_ = s.cc.(*grpc.ClientConn).Close()
		s.stop()
	})
}

// A stats handler may wait for a lock that the caller of Close holds.
func TestCloseOfAClientConnDoesNotWaitForStatsHandlers(t *testing.T) {
	t.Parallel()
	for _, serve := range []func(*testing.T, inprocchain.Chain, streamService) served{servedOnNetwork, servedInProcess} {
		synctest.Test(t, func(t *testing.T) {
			closed := make(chan struct{})
			s := serve(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(testservice.At[*stats.End](func() { <-closed }))),
				streamService{stream: blocked})
			if _, err := s.cc.NewStream(t.Context(), bidi, bidiMethod); err != nil {
				t.Fatal(err)
			}
			_ = s.cc.(*grpc.ClientConn).Close()
			close(closed)
			s.stop()
		})
	}
}

// A method that learns of the end returns only after stats handlers have been told, also if
// another goroutine tells them.
func TestMethodsWaitUntilTheEndIsTold(t *testing.T) {
	t.Parallel()
	for name, method := range streamMethods {
		synctest.Test(t, func(t *testing.T) {
			isTold := false
			s := servedInProcess(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(testservice.At[*stats.End](func() {
				time.Sleep(time.Second) // in a bubble
				isTold = true
			}))), streamService{stream: blocked})
			ctx, cancel := context.WithCancel(t.Context())
			stream, err := s.cc.NewStream(ctx, bidi, bidiMethod)
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			synctest.Wait() // A goroutine of the stream tells the end.
			_ = method(stream)
			if !isTold {
				t.Errorf("%s has returned before the end is told", name)
			}
			_ = s.cc.(*grpc.ClientConn).Close()
			s.stop()
		})
	}
}

// A caller that receives sees no event of a response before those of the header and of the
// trailer that have arrived, also if another goroutine is told of them.
func TestEventsOfAStreamHaveTheirOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler func(grpc.ServerStream) error
		during  func(grpc.ClientStream) // runs on another goroutine while the caller is told of the header
		want    []string
	}{
		"the trailer comes meanwhile": {
			handler: func(ss grpc.ServerStream) error {
				if err := ss.SendHeader(nil); err != nil {
					return err
				}
				time.Sleep(time.Second)
				return ss.SendMsg(new(text))
			},
			want: []string{"*stats.InHeader", "*stats.InTrailer", "*stats.InPayload", "*stats.End"},
		},
		"another goroutine receives": {
			handler: func(ss grpc.ServerStream) error {
				if err := ss.SendMsg(new(text)); err != nil {
					return err
				}
				return blocked(ss)
			},
			during: func(stream grpc.ClientStream) { _ = stream.RecvMsg(new(text)) },
			want:   []string{"*stats.InHeader", "*stats.InPayload", "*stats.End"},
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			j := new(journal)
			s := servedInProcess(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(observer{event: func(event stats.RPCStats) {
				switch event.(type) {
				case *stats.InHeader:
					time.Sleep(time.Minute) // in a bubble
				case *stats.InTrailer, *stats.InPayload, *stats.End:
				default:
					return
				}
				j.add("client", "%T", event)
			}})), streamService{stream: func(ss grpc.ServerStream) error {
				time.Sleep(time.Second) // until NewStream has returned
				return test.handler(ss)
			}})
			stream, err := s.cc.NewStream(t.Context(), bidi, bidiMethod)
			if err != nil {
				t.Fatal(err)
			}
			if test.during == nil {
				for err == nil {
					err = stream.RecvMsg(new(text))
				}
			} else {
				time.Sleep(2 * time.Second)
				go func() { time.Sleep(time.Second); test.during(stream) }()
				_ = stream.CloseSend()
				synctest.Wait()
				_ = s.cc.(*grpc.ClientConn).Close()
				synctest.Wait()
			}
			if got := j.lines["client"]; !slices.Equal(got, test.want) {
				t.Errorf("%s: the events are %v, want %v", name, got, test.want)
			}
			_ = s.cc.(*grpc.ClientConn).Close()
			s.stop()
		})
	}
}

// A client's stats handler sees the request of an unknown method, however long it takes.
func TestRequestOfAnUnknownMethodIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		isSent := false
		s := servedInProcess(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(
			testservice.At[*stats.OutHeader](func() { time.Sleep(time.Second) }), // in a bubble
			testservice.At[*stats.OutPayload](func() { isSent = true }),
		)), streamService{})
		if err := s.cc.Invoke(t.Context(), "/test.Service/Unknown", new(text), new(text)); status.Code(err) != codes.Unimplemented || !isSent {
			t.Errorf("the RPC returned %v, and its request was told: %t", err, isSent)
		}
		_ = s.cc.(*grpc.ClientConn).Close()
		s.stop()
	})
}

// Header finishes a stream that has failed before its header, as on a network.
func TestHeaderFinishesAStreamThatHasFailed(t *testing.T) {
	t.Parallel()
	for _, serve := range []func(*testing.T, inprocchain.Chain, streamService) served{servedOnNetwork, servedInProcess} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, inprocchain.Chain{}, streamService{stream: func(grpc.ServerStream) error { return status.Error(codes.DataLoss, "lost") }})
			finished := codes.OK
			stream, err := s.cc.NewStream(t.Context(), bidi, bidiMethod, grpc.OnFinish(func(err error) { finished = status.Code(err) }))
			if err != nil {
				t.Fatal(err)
			}
			if header, err := stream.Header(); header != nil || err != nil || finished != codes.DataLoss {
				t.Errorf("Header returned %v and %v, and OnFinish was called with %v, want DataLoss", header, err, finished)
			}
			_ = s.cc.(*grpc.ClientConn).Close()
			s.stop()
		})
	}
}

// Nobody could end a stream after a second response that its caller does not expect.
func TestSecondResponseEndsTheRPC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hasEnded := false
		s := servedInProcess(t, inprocchain.Chain{}, streamService{stream: func(ss grpc.ServerStream) error {
			for range 2 {
				if err := ss.SendMsg(new(text)); err != nil {
					return err
				}
			}
			err := blocked(ss)
			hasEnded = true
			return err
		}})
		stream, err := s.cc.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, bidiMethod)
		if err != nil {
			t.Fatal(err)
		}
		err = stream.RecvMsg(new(text))
		synctest.Wait()
		if err == nil || err == io.EOF || !hasEnded {
			t.Errorf("RecvMsg returned %v, and the handler's context has ended: %t, want an error and true", err, hasEnded)
		}
		_ = s.cc.(*grpc.ClientConn).Close()
		s.stop()
	})
}
