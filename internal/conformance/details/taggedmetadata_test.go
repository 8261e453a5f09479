package details_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// grpc-go checks a caller's metadata before TagRPC of the client's stats handlers. If TagRPC adds
// metadata that cannot be sent, the server resets the stream before anybody sees the RPC.
func TestMetadataOfTagRPCThatCannotBeSent(t *testing.T) {
	t.Parallel()
	for name, md := range map[string]metadata.MD{
		"valid":                 {"key": {"value"}},
		"line feed in a value":  {"key": {"a\nb"}},
		"zero in a value":       {"key": {"a\x00b"}},
		"delete in a value":     {"key": {"a\x7fb"}},
		"tab in a value":        {"key": {"a\tb"}},
		"no ASCII in a value":   {"key": {"\xff\xe4"}},
		"spaces around a value": {"key": {" value "}},
		"binary value":          {"key-bin": {"\x00\n\xff"}},
		"space in a key":        {"a b": {"value"}},
		"no ASCII in a key":     {"ä": {"value"}},
		"colon in a key":        {"a:b": {"value"}},
		"empty key":             {"": {"value"}},
		"pseudo header":         {":path": {"/other"}},
		"reserved key":          {"grpc-timeout": {"1n"}, "content-type": {"other"}, "te": {"other"}, "user-agent": {"other"}},
		"connection":            {"connection": {"close"}},
		"two hosts":             {"host": {"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var events atomic.Int32 // of the server
			received := make(chan string, 1)
			record := func(ctx context.Context) {
				incoming, _ := metadata.FromIncomingContext(ctx)
				delete(incoming, ":authority")
				received <- fmt.Sprintf("%q", plain(incoming))
			}
			serve := service{
				unary: func(ctx context.Context, req any) (any, error) {
					record(ctx)
					return req, nil
				},
				stream: func(stream grpc.ServerStream) error {
					record(stream.Context())
					return nil
				},
			}
			chain := inprocchain.NewChain(
				inprocchain.WithClientStatsHandlers(testservice.Stats{OnTagRPC: func(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
					return metadata.NewOutgoingContext(ctx, md)
				}}),
				inprocchain.WithServerStatsHandlers(testservice.Stats{OnTagRPC: func(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
					events.Add(1)
					return ctx
				}}),
			)
			network := map[string]string{}
			for _, c := range connect.All(t, chain, serve.register) {
				for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface) string{"unary": callForTrailer, "stream": streamForTrailer} {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					events.Store(0)
					result := call(ctx, c.Conn)
					cancel()
					got := fmt.Sprintf("the caller got %s, the handler %s, the server's stats handler events: %t", result, takeIfAny(received), events.Load() > 0)
					if !c.InProcess {
						network[kind] = got
					} else if got != network[kind] {
						t.Errorf("%s, %s:\n%s\nwant as on a network:\n%s", c.Name, kind, got, network[kind])
					}
				}
			}
		})
	}
}
