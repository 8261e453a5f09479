package barechannel_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

func TestBareChannelReadsRequestAfterCall(t *testing.T) {
	// slow returns a cloner that blocks until release is closed.
	slow := func() (cloner inprocgrpc.Cloner, copying, release chan struct{}, copied chan struct{}) {
		copying, release, copied = make(chan struct{}), make(chan struct{}), make(chan struct{})
		var isCopied atomic.Bool
		return inprocgrpc.CloneFunc(func(in any) (any, error) {
			if isCopied.Swap(true) { // This is the response.
				return inprocgrpc.ProtoCloner{}.Clone(in)
			}
			close(copying)
			<-release
			defer close(copied)
			return inprocgrpc.ProtoCloner{}.Clone(in)
		}), copying, release, copied
	}
	request := &grpchantesting.Message{Count: 1}

	cloner, copying, release, copied := slow()
	bare := (&inprocgrpc.Channel{}).WithCloner(cloner)
	grpchantesting.RegisterTestServiceServer(bare, &grpchantesting.TestServer{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-copying
		cancel()
	}()
	_, err := grpchantesting.NewTestServiceClient(bare).Unary(ctx, request)
	if status.Code(err) != codes.Canceled {
		t.Fatalf("bare channel: got %v, want Canceled", err)
	}
	select {
	case <-copied:
		t.Error("bare channel: the request was copied before the call returned")
	default: // It is copied after the call has returned.
	}
	close(release)
	<-copied

	cloner, copying, release, copied = slow()
	channel := inprocchain.New(inprocchain.WithCloner(cloner))
	grpchantesting.RegisterTestServiceServer(channel, &grpchantesting.TestServer{})
	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		<-copying
		cancel()
		close(release)
	}()
	_, err = grpchantesting.NewTestServiceClient(channel).Unary(ctx, request)
	if status.Code(err) != codes.Canceled {
		t.Errorf("Channel: got %v, want Canceled", err)
	}
	select {
	case <-copied:
	default:
		t.Error("Channel: the request is still being copied after the call has returned")
	}
}

func TestBareChannelBlocksInHeader(t *testing.T) {
	returns := func(cc grpc.ClientConnInterface, within time.Duration) bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := grpchantesting.NewTestServiceClient(cc).BidiStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&grpchantesting.Message{}); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = stream.Header()
		}()
		select {
		case <-done:
			return true
		case <-time.After(within):
			cancel() // Otherwise Header would block forever.
			<-done
			return false
		}
	}
	bare := &inprocgrpc.Channel{}
	grpchantesting.RegisterTestServiceServer(bare, echo{})
	if returns(bare, 50*time.Millisecond) {
		t.Error("bare channel: Header returned, want it to block")
	}
	channel := inprocchain.New()
	grpchantesting.RegisterTestServiceServer(channel, echo{})
	if !returns(channel, 10*time.Second) {
		t.Error("Channel: Header blocks")
	}
}

func TestBareChannelCopiesStreamedMessagesTwice(t *testing.T) {
	count := func(cc grpc.ClientConnInterface, clones *atomic.Int64) int64 {
		stream, err := grpchantesting.NewTestServiceClient(cc).BidiStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&grpchantesting.Message{}); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		return clones.Load()
	}
	var clones atomic.Int64
	counting := inprocgrpc.CloneFunc(func(in any) (any, error) {
		clones.Add(1)
		return inprocgrpc.ProtoCloner{}.Clone(in)
	})
	bare := (&inprocgrpc.Channel{}).WithCloner(counting)
	grpchantesting.RegisterTestServiceServer(bare, echo{})
	if got := count(bare, &clones); got != 4 {
		t.Errorf("bare channel: one message in each direction was copied %d times, want 4", got)
	}
	clones.Store(0)
	channel := inprocchain.New(inprocchain.WithCloner(counting))
	grpchantesting.RegisterTestServiceServer(channel, echo{})
	if got := count(channel, &clones); got != 2 {
		t.Errorf("Channel: one message in each direction was copied %d times, want 2", got)
	}
}

func TestBareChannelNeverCallsOnFinish(t *testing.T) {
	count := func(cc grpc.ClientConnInterface) (finished int) {
		_, err := grpchantesting.NewTestServiceClient(cc).Unary(t.Context(), &grpchantesting.Message{}, grpc.OnFinish(func(error) { finished++ }))
		if err != nil {
			t.Fatal(err)
		}
		return finished
	}
	bare := &inprocgrpc.Channel{}
	grpchantesting.RegisterTestServiceServer(bare, &grpchantesting.TestServer{})
	if got := count(bare); got != 0 {
		t.Errorf("bare channel: OnFinish was called %d times, want 0", got)
	}
	channel := inprocchain.New()
	grpchantesting.RegisterTestServiceServer(channel, &grpchantesting.TestServer{})
	if got := count(channel); got != 1 {
		t.Errorf("Channel: OnFinish was called %d times, want 1", got)
	}
}

func TestBareChannelCannotBeShutDown(t *testing.T) {
	type shutdowner interface{ Shutdown(context.Context) error }
	if _, ok := any(&inprocgrpc.Channel{}).(shutdowner); ok {
		t.Error("the bare channel has a Shutdown method")
	}
	channel := inprocchain.New()
	grpchantesting.RegisterTestServiceServer(channel, &grpchantesting.TestServer{})
	if err := channel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := grpchantesting.NewTestServiceClient(channel).Unary(t.Context(), &grpchantesting.Message{}); status.Code(err) != codes.Unavailable {
		t.Errorf("Channel: got %v after Shutdown, want Unavailable", err)
	}
}

// echo returns the messages that it receives, and sends no header.
type echo struct {
	grpchantesting.UnimplementedTestServiceServer
}

func (echo) BidiStream(stream grpchantesting.TestService_BidiStreamServer) error {
	for {
		message, err := stream.Recv()
		if err != nil {
			return nil
		}
		if err := stream.Send(message); err != nil {
			return err
		}
	}
}
