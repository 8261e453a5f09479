package motion_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// What a handler does after its caller has canceled reaches the caller rarely on a network,
// which needs some time to notice, and never in-process.
func TestNothingArrivesAfterCancel(t *testing.T) {
	t.Parallel()
	for _, test := range lateTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const attempts = 200
			entered, canceled := make(chan struct{}), make(chan struct{})
			s := service{
				unary: func(ctx context.Context) error {
					entered <- struct{}{}
					<-canceled
					return test.respond(ctx)
				},
				stream: func(ss grpc.ServerStream) error {
					entered <- struct{}{}
					<-canceled
					return test.serve(ss)
				},
			}
			for _, conn := range connections(t, inprocchain.Chain{}, s.register) {
				late := 0
				for range attempts {
					ctx, cancel := context.WithCancel(t.Context())
					results := make(chan error, 1)
					go func() { results <- test.wait(ctx, conn.Conn) }()
					await(t, entered, "call of the handler")
					cancel()
					canceled <- struct{}{}
					if err := await(t, results, "end of the RPC"); status.Code(err) != codes.Canceled {
						late++
					}
				}
				checkLate(t, conn.Name, test.name, late, attempts)
			}
		})
	}
}

// checkLate checks how often something arrived after the end.
func checkLate(t *testing.T, conn, what string, late, attempts int) {
	t.Helper()
	t.Logf("%s: %s arrived late in %d of %d RPCs", conn, what, late, attempts)
	switch {
	case conn == "Channel" && late > 0:
		t.Errorf("%s: %s arrived late in %d of %d RPCs, want none", conn, what, late, attempts)
	case late > attempts/2:
		t.Errorf("%s: %s arrived late in %d of %d RPCs: a network is no better", conn, what, late, attempts)
	}
}

// A lateTest has what a handler does after the end, and how the caller waits for it.
type lateTest struct {
	name    string
	respond func(context.Context) error
	serve   func(grpc.ServerStream) error
	wait    func(context.Context, grpc.ClientConnInterface) error // returns how the RPC ended for the caller
}

var lateTests = []lateTest{
	{
		name:    "response",
		respond: func(context.Context) error { return nil },
		wait:    invoke,
	},
	{
		name:    "unary error",
		respond: func(context.Context) error { return errHandler },
		wait:    invoke,
	},
	{
		name:  "message",
		serve: func(ss grpc.ServerStream) error { _ = ss.SendMsg(new(text)); <-ss.Context().Done(); return nil },
		wait:  receive,
	},
	{
		name:  "stream header",
		serve: func(ss grpc.ServerStream) error { _ = ss.SendHeader(lateMD); <-ss.Context().Done(); return nil },
		wait: func(ctx context.Context, cc grpc.ClientConnInterface) error {
			stream, err := cc.NewStream(ctx, bidi.desc, bidi.method)
			if err != nil {
				return err
			}
			header, err := stream.Header()
			if header.Len() > 0 {
				return errors.New("the header arrived")
			}
			return errors.Join(err, stream.RecvMsg(new(text)))
		},
	},
	{
		name:  "end of a stream",
		serve: func(grpc.ServerStream) error { return nil },
		wait:  receive,
	},
	{
		name:  "stream error",
		serve: func(grpc.ServerStream) error { return errHandler },
		wait:  receive,
	},
	{
		name:  "response to a client stream",
		serve: func(ss grpc.ServerStream) error { return ss.SendMsg(new(text)) },
		wait: func(ctx context.Context, cc grpc.ClientConnInterface) error {
			stream, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, testservice.ClientStream)
			if err != nil {
				return err
			}
			return stream.RecvMsg(new(text))
		},
	},
}

var (
	errHandler = status.Error(codes.NotFound, "of the handler")
	lateMD     = metadata.Pairs("late", "value")
)

func invoke(ctx context.Context, cc grpc.ClientConnInterface) error {
	return cc.Invoke(ctx, unary.method, new(text), new(text))
}

func receive(ctx context.Context, cc grpc.ClientConnInterface) error {
	stream, err := cc.NewStream(ctx, bidi.desc, bidi.method)
	if err != nil {
		return err
	}
	return stream.RecvMsg(new(text))
}

// Metadata that a handler sends after its caller has canceled reaches neither call options,
// nor the stream, nor stats handlers.
func TestNoMetadataArrivesAfterCancel(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{unary, bidi} {
		for _, conn := range []string{"network", "Channel"} {
			t.Run(k.name+" on "+conn, func(t *testing.T) {
				t.Parallel()
				testMetadataAfterCancel(t, k, conn)
			})
		}
	}
}

func testMetadataAfterCancel(t *testing.T, k kind, conn string) {
	const attempts = 200
	entered, canceled := make(chan struct{}), make(chan struct{})
	s := handle(func(ctx context.Context) error {
		entered <- struct{}{}
		<-canceled
		_ = grpc.SendHeader(ctx, lateMD)
		_ = grpc.SetTrailer(ctx, lateMD)
		return errHandler
	})
	var event atomic.Bool // InHeader, InTrailer, or End with a trailer
	chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(statsHandler(func(_ context.Context, e stats.RPCStats) {
		switch e := e.(type) {
		case *stats.InHeader, *stats.InTrailer:
			event.Store(true)
		case *stats.End:
			if e.Trailer.Len() > 0 {
				event.Store(true)
			}
		}
	})))
	cc := connectTo(t, conn, chain, s)
	late := map[string]int{}
	for range attempts {
		event.Store(false)
		ctx, cancel := context.WithCancel(t.Context())
		var header, trailer metadata.MD
		ended := make(chan error, 1)
		go func() { ended <- k.callForMetadata(ctx, cc, &header, &trailer) }()
		await(t, entered, "call of the handler")
		cancel()
		canceled <- struct{}{}
		await(t, ended, "end of the RPC")
		if header.Len() > 0 {
			late["the header"]++
		}
		if trailer.Len() > 0 {
			late["the trailer"]++
		}
		if event.Load() {
			late["an event"]++
		}
	}
	for _, what := range []string{"the header", "the trailer", "an event"} {
		checkLate(t, conn, what, late[what], attempts)
	}
}

// callForMetadata makes an RPC and obtains the metadata in each way.
func (k kind) callForMetadata(ctx context.Context, cc grpc.ClientConnInterface, header, trailer *metadata.MD) error {
	opts := []grpc.CallOption{grpc.Header(header), grpc.Trailer(trailer)}
	if k.desc == nil {
		return cc.Invoke(ctx, k.method, new(text), new(text), opts...)
	}
	stream, err := cc.NewStream(ctx, k.desc, k.method, opts...)
	if err != nil {
		return err
	}
	err = stream.RecvMsg(new(text))
	if err == io.EOF {
		err = nil
	}
	of, headerErr := stream.Header()
	*header, *trailer = metadata.Join(*header, of), metadata.Join(*trailer, stream.Trailer())
	return fmt.Errorf("%w; header: %v", err, headerErr)
}
