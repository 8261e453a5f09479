package connection_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A jsonCodec has the content subtype json.
type jsonCodec struct{}

func (jsonCodec) Marshal(m any) ([]byte, error)      { return json.Marshal(m) }
func (jsonCodec) Unmarshal(data []byte, m any) error { return json.Unmarshal(data, m) }
func (jsonCodec) Name() string                       { return "connection-json" }

func init() { encoding.RegisterCodec(jsonCodec{}) }

// The headers that HTTP/2 adds to an RPC are present, with the values of a network, wherever
// grpc-go shows them.
func TestHeadersOfHTTP2AreSetAsOnANetwork(t *testing.T) {
	t.Parallel()
	own := metadata.Pairs("key", "value", "content-type", "text/html", "user-agent", "of the caller", ":authority", "of the caller", "host", "of the caller")
	for _, test := range []struct {
		name  string
		chain []inprocchain.Option
		md    metadata.MD
		opts  []grpc.CallOption
	}{
		{name: "no metadata and no options"},
		{name: "metadata", md: own},
		{name: "CallContentSubtype", opts: []grpc.CallOption{grpc.CallContentSubtype("connection-json")}},
		{name: "CallContentSubtype in capitals", opts: []grpc.CallOption{grpc.CallContentSubtype("Connection-JSON")}},
		{name: "CallContentSubtype of the default codec", opts: []grpc.CallOption{grpc.CallContentSubtype("proto")}},
		{name: "ForceCodec", opts: []grpc.CallOption{grpc.ForceCodec(jsonCodec{})}},
		{name: "ForceCodec and CallContentSubtype", opts: []grpc.CallOption{grpc.ForceCodec(encoding.GetCodec("connection-json")), grpc.CallContentSubtype("connection-json")}},
		{name: "CallAuthority", opts: []grpc.CallOption{grpc.CallAuthority("elsewhere:80")}},
		{name: "CallAuthority twice", opts: []grpc.CallOption{grpc.CallAuthority("first"), grpc.CallAuthority("second")}},
		{name: "CallAuthority of nothing", opts: []grpc.CallOption{grpc.CallAuthority("")}},
		{name: "CallAuthority and CallContentSubtype, with metadata", md: own, opts: []grpc.CallOption{grpc.CallAuthority("elsewhere"), grpc.CallContentSubtype("connection-json")}},
		{name: "WithUserAgent", chain: []inprocchain.Option{inprocchain.WithUserAgent("gateway/1.0")}},
		{name: "WithUserAgent, with metadata", md: own, chain: []inprocchain.Option{inprocchain.WithUserAgent("gateway/1.0")}},
		{name: "default CallAuthority", chain: []inprocchain.Option{inprocchain.WithDefaultCallOptions(grpc.CallAuthority("default"))}},
		{name: "default CallAuthority and another", chain: []inprocchain.Option{inprocchain.WithDefaultCallOptions(grpc.CallAuthority("default"))}, opts: []grpc.CallOption{grpc.CallAuthority("elsewhere")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			compare(t, nil, func(t *testing.T, over transport) *journal {
				return recordHeaders(t, over, test.chain, test.md, test.opts)
			})
		})
	}
}

func recordHeaders(t *testing.T, over transport, chain []inprocchain.Option, md metadata.MD, opts []grpc.CallOption) *journal {
	j := new(journal)
	incoming := func(observer string) func(context.Context) {
		return func(ctx context.Context) {
			md, _ := metadata.FromIncomingContext(ctx)
			j.add(observer, "incoming metadata %s", headerText(md))
		}
	}
	intercepted := incoming("server interceptor")
	chain = append(chain,
		serverInterceptors(intercepted),
		inprocchain.WithClientStatsHandlers(headerRecorder{journal: j, side: "client"}),
		inprocchain.WithServerStatsHandlers(headerRecorder{journal: j, side: "server"}),
	)
	cc := over.open(t, inprocchain.NewChain(chain...), service{incoming("handler")}.register)
	ctx := t.Context()
	if md != nil {
		ctx = metadata.NewOutgoingContext(ctx, md)
	}
	header, err := callUnary(ctx, cc, opts...)
	if err != nil {
		t.Fatal(err)
	}
	j.add("caller", "unary: header %s", headerText(header))
	var given metadata.MD
	stream, err := callBidi(ctx, cc, append(opts, grpc.Header(&given))...)
	if err != nil {
		t.Fatal(err)
	}
	header, err = stream.Header()
	j.add("caller", "stream: header %s and %s, %v", headerText(header), headerText(given), err)
	unknown, err := cc.NewStream(ctx, bidi, "/test.Service/Unknown", opts...)
	if err != nil {
		t.Fatal(err)
	}
	err = unknown.RecvMsg(new(text))
	j.add("caller", "unknown method: %v, trailer %s", err, headerText(unknown.Trailer()))
	return j
}

// headerText describes metadata without the key for registered compressors, which is a row of
// docs/differences.md.
func headerText(md metadata.MD) string {
	md = md.Copy()
	delete(md, "grpc-accept-encoding")
	return fmt.Sprintf("%q", map[string][]string(md)) // in the order of the keys
}

// A headerRecorder is a stats handler that records headers and trailers.
type headerRecorder struct {
	testservice.NoStats
	*journal
	side string
}

func (r headerRecorder) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	incoming, ok := metadata.FromIncomingContext(ctx)
	r.add(r.side+" of "+info.FullMethodName, "TagRPC: incoming metadata %s, %v", headerText(incoming), ok)
	return context.WithValue(ctx, r, info.FullMethodName)
}

func (r headerRecorder) HandleRPC(ctx context.Context, event stats.RPCStats) {
	observer := r.side + " of " + ctx.Value(r).(string)
	switch event := event.(type) {
	case *stats.OutHeader:
		r.add(observer, "OutHeader: authority %q, %s", event.Authority, headerText(event.Header))
	case *stats.InHeader:
		r.add(observer, "InHeader: %s", headerText(event.Header))
	case *stats.OutTrailer:
		r.add(observer, "OutTrailer: %s", headerText(event.Trailer))
	case *stats.InTrailer:
		r.add(observer, "InTrailer: %s", headerText(event.Trailer))
	}
}

// A header that a handler has set and not sent does not arrive when its caller cancels, though
// the handler returns before the caller asks for the header.
func TestHeaderThatWasNotSentDoesNotArriveAfterCancel(t *testing.T) {
	t.Parallel()
	for kind, call := range calls {
		compare(t, nil, func(t *testing.T, over transport) *journal {
			j := new(journal)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			handle := func(ctx context.Context) error {
				if err := grpc.SetHeader(ctx, early); err != nil {
					t.Error(err)
				}
				cancel()
				<-ctx.Done()
				return nil
			}
			cc := over.open(t, inprocchain.NewChain(inprocchain.WithClientStatsHandlers(testservice.At[*stats.End](func() {
				if over.name != "network" { // grpc-go holds a lock, with which the time of a bubble stands still.
					time.Sleep(time.Second) // until the handler has returned
				}
			}))), streamService{unary: handle, stream: func(ss grpc.ServerStream) error { return handle(ss.Context()) }}.register)
			var header metadata.MD
			err := call(ctx, cc, grpc.Header(&header))
			j.add(kind, "%v, header %v", status.Code(err), header)
			return j
		})
	}
}
