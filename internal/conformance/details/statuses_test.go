package details_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// A client cannot read a status whose code is above the largest int32, and then has no trailer
// either.
func TestStatusWithCodeThatCannotBeReadHasNoTrailer(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{17, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32} {
		for _, header := range []bool{false, true} {
			t.Run(fmt.Sprintf("code %d, header %t", uint32(code), header), func(t *testing.T) {
				t.Parallel()
				compareClientEvents(t, func(ctx context.Context) error {
					if header {
						if err := grpc.SetHeader(ctx, metadata.Pairs("header", "value")); err != nil {
							return err
						}
					}
					if err := grpc.SetTrailer(ctx, metadata.Pairs("trailer", "value")); err != nil {
						return err
					}
					return status.Error(code, "message")
				})
			})
		}
	}
}

// A client that cannot read the header learns of the trailer that is sent with it, as an event,
// although its caller gets none.
func TestTrailerAfterHeaderThatCannotBeReadIsAnEvent(t *testing.T) {
	t.Parallel()
	for name, md := range map[string]metadata.MD{"value": metadata.Pairs("key", "a\nb"), "key": {"a b": {"value"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compareClientEvents(t, func(ctx context.Context) error {
				if err := grpc.SetHeader(ctx, md); err != nil {
					return err
				}
				return grpc.SetTrailer(ctx, metadata.Pairs("trailer", "value"))
			})
		})
	}
}

// A handler may set the key of the details by itself. A client believes them only if they have
// the code of the status, also if that is OK.
func TestDetailsThatAHandlerSetsAreAsOnANetwork(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.OK, codes.DataLoss} {
		data, err := proto.Marshal(status.New(codes.DataLoss, "detailed").Proto())
		if err != nil {
			t.Fatal(err)
		}
		compareClientEvents(t, func(ctx context.Context) error {
			if err := grpc.SetTrailer(ctx, metadata.Pairs("grpc-status-details-bin", string(data))); err != nil {
				return err
			}
			return status.Error(code, "message")
		})
	}
}

// compareClientEvents compares what a caller and its stats handlers get if handlers end with
// end. Over a network, the outcome varies if the client resets the stream before the end
// arrives. The one that is by far the most frequent is compared.
func compareClientEvents(t *testing.T, end func(context.Context) error) {
	const runs = 25
	serve := service{
		unary: func(ctx context.Context, req any) (any, error) { return req, end(ctx) },
		stream: func(stream grpc.ServerStream) error {
			if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != nil {
				return err
			}
			return end(stream.Context())
		},
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	network := map[string]string{}
	for i := range 3 {
		journal := new(clientJournal) // of one connection: a network may tell of an RPC that has ended
		c := connect.All(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(journal)), serve.register)[i]
		for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface) string{"unary": callForTrailer, "stream": streamForTrailer} {
			outcomes := map[string]int{}
			for range runs {
				journal.clear()
				result := call(ctx, c.Conn)
				outcomes[result+"\n"+journal.events()]++
			}
			if !c.InProcess {
				network[kind] = mostFrequent(outcomes)
			} else if outcomes[network[kind]] != runs {
				t.Errorf("%s, %s: %d outcomes, with their frequencies:\n%v\nwant always, as on a network:\n%s", c.Name, kind, len(outcomes), outcomes, network[kind])
			}
		}
	}
}

func mostFrequent(outcomes map[string]int) string {
	most := ""
	for outcome, n := range outcomes {
		if n > outcomes[most] {
			most = outcome
		}
	}
	return most
}

func callForTrailer(ctx context.Context, cc grpc.ClientConnInterface) string {
	var header, trailer metadata.MD
	err := cc.Invoke(ctx, unaryMethod, wrapperspb.String("request"), new(wrapperspb.StringValue), grpc.Header(&header), grpc.Trailer(&trailer))
	return fmt.Sprint(err, plain(header), plain(trailer))
}

func streamForTrailer(ctx context.Context, cc grpc.ClientConnInterface) string {
	stream, err := cc.NewStream(ctx, bidi, bidiMethod)
	if err != nil {
		return err.Error()
	}
	_ = stream.SendMsg(wrapperspb.String("request")) // RecvMsg returns the reason.
	header, headerErr := stream.Header()
	for err == nil {
		err = stream.RecvMsg(new(wrapperspb.StringValue))
	}
	return fmt.Sprint(err, plain(header), headerErr, plain(stream.Trailer()))
}

// plain prints all values of metadata.
func plain(md metadata.MD) map[string][]string { return md }
