package connection_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Stats handlers of a server receive the same events as on a network for RPCs that no handler
// serves: RPCs whose request never arrives or cannot be decoded, and RPCs to unknown methods.
func TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork(t *testing.T) {
	t.Parallel()
	type call = func(context.Context, grpc.ClientConnInterface) error
	invoke := func(method string, req any, opts ...grpc.CallOption) call {
		return func(ctx context.Context, cc grpc.ClientConnInterface) error {
			return cc.Invoke(ctx, method, req, new(text), opts...)
		}
	}
	open := func(method string, messages []any, opts ...grpc.CallOption) call {
		return func(ctx context.Context, cc grpc.ClientConnInterface) error {
			stream, err := cc.NewStream(ctx, bidi, method, opts...)
			if err != nil {
				return err
			}
			for _, message := range messages {
				if err := stream.SendMsg(message); err != nil {
					return err
				}
				synctest.Wait() // A canceled RPC may lose what has not been received.
			}
			return stream.RecvMsg(new(text))
		}
	}
	with := func(change func(context.Context) context.Context, call call) call {
		return func(ctx context.Context, cc grpc.ClientConnInterface) error { return call(change(ctx), cc) }
	}
	outgoing := func(pairs ...string) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return metadata.AppendToOutgoingContext(ctx, pairs...) }
	}
	canceled := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	}
	message := wrapperspb.String("message")
	noProtobuf := []grpc.CallOption{grpc.ForceCodec(bytesCodec{})}
	var tests []test
	add := func(name string, call call) { tests = append(tests, test{name, call}) }
	add("unary, the request cannot be encoded", invoke(unaryMethod, "a string"))
	add("stream, the request cannot be encoded", open(bidiMethod, []any{"a string"}))
	add("stream, the second request cannot be encoded", open(bidiMethod, []any{message, "a string"}))
	add("unary, the request is too large", invoke(unaryMethod, message, grpc.MaxCallSendMsgSize(1)))
	add("stream, the request is too large", open(bidiMethod, []any{message}, grpc.MaxCallSendMsgSize(1)))
	add("unary, the request cannot be decoded", invoke(unaryMethod, []byte("\xff"), noProtobuf...))
	add("stream, the request cannot be decoded", open(bidiMethod, []any{[]byte("\xff")}, noProtobuf...))
	add("unary method, no request", func(ctx context.Context, cc grpc.ClientConnInterface) error {
		stream, err := cc.NewStream(ctx, bidi, unaryMethod)
		if err != nil {
			return err
		}
		if err := stream.CloseSend(); err != nil {
			return err
		}
		return stream.RecvMsg(new(text))
	})
	add("unary method, canceled before the request", func(ctx context.Context, cc grpc.ClientConnInterface) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := cc.NewStream(ctx, bidi, unaryMethod)
		if err != nil {
			return err
		}
		cancel()
		return stream.RecvMsg(new(text))
	})
	for _, name := range []string{"/test.Service/Unknown", "/unknown.Service/Unknown", "/malformed", "malformed", ""} {
		add(fmt.Sprintf("unary, method %q", name), invoke(name, message))
		add(fmt.Sprintf("stream, method %q", name), open(name, nil))
	}
	add("the context has ended", with(canceled, invoke(unaryMethod, message)))
	add("stream, the context has ended", with(canceled, open(bidiMethod, nil)))
	add("invalid metadata", with(outgoing("key", "a\nb"), invoke(unaryMethod, message)))
	add("metadata that servers refuse", with(outgoing("host", "a", "host", "b"), invoke(unaryMethod, message)))
	add("stream, metadata that servers refuse", with(outgoing("host", "a", "host", "b"), open(bidiMethod, nil)))
	add("the metadata key connection", with(outgoing("connection", "close"), invoke(unaryMethod, message)))
	add("stream, the metadata key connection", with(outgoing("connection", "close"), open(bidiMethod, nil)))
	add("credentials that fail", invoke(unaryMethod, message, grpc.PerRPCCredentials(noToken{})))
	add("stream, credentials that fail", open(bidiMethod, nil, grpc.PerRPCCredentials(noToken{})))
	add("a codec that is not registered", invoke(unaryMethod, message, grpc.CallContentSubtype("unregistered")))
	add("a compressor that is not registered", open(bidiMethod, nil, grpc.UseCompressor("unregistered")))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			compare(t, nil, func(t *testing.T, over transport) *journal {
				j := new(journal)
				cc := over.open(t, inprocchain.NewChain(inprocchain.WithServerStatsHandlers(rpcRecorder{journal: j})), service{}.register)
				if _, err := callUnary(t.Context(), cc); err != nil { // The connection is made.
					t.Fatal(err)
				}
				synctest.Wait() // On a network, its stats may end after the caller has the answer.
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				err := test.call(ctx, cc)
				if err == nil || err == io.EOF {
					t.Errorf("got %v, want an error", err)
				}
				j.add("caller", "%v", err)
				return j
			})
		})
	}
}

// A test makes an RPC that fails.
type test struct {
	name string
	call func(context.Context, grpc.ClientConnInterface) error
}

// A bytesCodec sends bytes without encoding them. A server decodes them as protobuf.
type bytesCodec struct{}

func (bytesCodec) Marshal(m any) ([]byte, error) { return m.([]byte), nil }
func (bytesCodec) Unmarshal([]byte, any) error   { return errors.New("nothing is received") }
func (bytesCodec) Name() string                  { return "proto" }

type noToken struct{}

func (noToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return nil, errors.New("no token")
}

func (noToken) RequireTransportSecurity() bool { return false }

// An rpcRecorder is a stats handler that records all events of RPCs.
type rpcRecorder struct {
	testservice.NoStats
	*journal
}

func (r rpcRecorder) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	r.add("server", "TagRPC: method %q, fail fast %v", info.FullMethodName, info.FailFast)
	return context.WithValue(ctx, r, info.FullMethodName)
}

func (r rpcRecorder) HandleRPC(ctx context.Context, event stats.RPCStats) {
	tag, _ := ctx.Value(r).(string)
	var text string
	switch event := event.(type) {
	case *stats.InHeader:
		text = fmt.Sprintf("method %q, %s", event.FullMethod, headerText(event.Header))
	case *stats.Begin:
		text = fmt.Sprintf("client stream %v, server stream %v", event.IsClientStream, event.IsServerStream)
	case *stats.InPayload:
		text = fmt.Sprintf("%v, %d bytes", event.Payload, event.Length)
	case *stats.OutPayload:
		text = fmt.Sprintf("%v, %d bytes", event.Payload, event.Length)
	case *stats.OutHeader:
		text = headerText(event.Header)
	case *stats.OutTrailer:
		text = headerText(event.Trailer)
	case *stats.End:
		text = fmt.Sprint(event.Error)
	}
	r.add("server", "%T of %q: %s", event, tag, text)
}
