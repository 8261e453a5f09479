package details_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// An interceptor that makes two attempts, as a hedging one does, appends other options for each
// of them. The options of one attempt must not overwrite those of the other, whatever
// default call options there are.
func TestInterceptorMayAppendToItsOptions(t *testing.T) {
	t.Parallel()
	for defaults := range 4 {
		for given := range 4 {
			t.Run(fmt.Sprintf("%d default options, %d given", defaults, given), func(t *testing.T) {
				t.Parallel()
				attempts := new(attempts)
				chain := inprocchain.NewChain(
					inprocchain.WithUnaryClientInterceptors(attempts.unary),
					inprocchain.WithStreamClientInterceptors(attempts.stream),
					inprocchain.WithDefaultCallOptions(slices.Repeat([]grpc.CallOption{grpc.WaitForReady(true)}, defaults)...),
				)
				opts := slices.Repeat([]grpc.CallOption{grpc.MaxCallRecvMsgSize(1 << 20)}, given)
				for _, c := range connect.All(t, chain, headerService.register) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					if err := c.Conn.Invoke(ctx, unaryMethod, wrapperspb.String("request"), new(wrapperspb.StringValue), opts...); err != nil {
						t.Error(err)
					}
					if !attempts.areDistinct() {
						t.Errorf("%s: the headers of two calls are %v", c.Name, attempts.headers)
					}
					openBidi(ctx, t, c.Conn, opts...)
					if !attempts.areDistinct() {
						t.Errorf("%s: the headers of two streams are %v", c.Name, attempts.headers)
					}
				}
			})
		}
	}
}

// headerService sends back the metadata "attempt" in the header.
var headerService = service{
	unary: func(ctx context.Context, req any) (any, error) { return req, sendAttempt(ctx) },
	stream: func(stream grpc.ServerStream) error {
		return sendAttempt(stream.Context())
	},
}

func sendAttempt(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	return grpc.SendHeader(ctx, metadata.MD{"attempt": md["attempt"]})
}

// attempts makes each RPC twice, and receives the header of each in its own place.
type attempts struct{ headers [2]metadata.MD }

// options returns the options of both attempts, which are made before the first one.
func (a *attempts) options(opts []grpc.CallOption) [2][]grpc.CallOption {
	a.headers = [2]metadata.MD{}
	return [2][]grpc.CallOption{append(opts, grpc.Header(&a.headers[0])), append(opts, grpc.Header(&a.headers[1]))}
}

func (a *attempts) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	for i, opts := range a.options(opts) {
		ctx := metadata.AppendToOutgoingContext(ctx, "attempt", fmt.Sprint(i))
		if err := invoker(ctx, method, req, reply, cc, opts...); err != nil {
			return err
		}
	}
	return nil
}

func (a *attempts) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	var stream grpc.ClientStream
	for i, opts := range a.options(opts) {
		ctx := metadata.AppendToOutgoingContext(ctx, "attempt", fmt.Sprint(i))
		var err error
		if stream, err = streamer(ctx, desc, cc, method, opts...); err != nil {
			return nil, err
		}
		for stream.RecvMsg(new(wrapperspb.StringValue)) == nil {
		}
	}
	return stream, nil
}

func (a *attempts) areDistinct() bool {
	for i, header := range a.headers {
		if got := header.Get("attempt"); len(got) != 1 || got[0] != fmt.Sprint(i) {
			return false
		}
	}
	return true
}
