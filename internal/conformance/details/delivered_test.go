package details_test

import (
	"context"
	"io"
	"reflect"
	"testing"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testpb"
)

// Assertions of test libraries use reflect.DeepEqual, which also looks at what generated code
// keeps in unexported fields. By that measure, too, the messages that arrive must be those that
// a network delivers.
func TestMessagesArriveDeeplyEqual(t *testing.T) {
	t.Parallel()
	limits := []grpc.CallOption{grpc.MaxCallSendMsgSize(8 << 20), grpc.MaxCallRecvMsgSize(8 << 20)}
	for name, opts := range map[string][]inprocchain.Option{
		"without stats handlers": nil,
		"with stats handlers":    {inprocchain.WithServerStatsHandlers(taggingStats), inprocchain.WithClientStatsHandlers(taggingStats)},
		"with limits":            {inprocchain.WithDefaultCallOptions(limits...)},
	} {
		for _, kind := range deliveredKinds() {
			t.Run(name+"/"+kind.name, func(t *testing.T) {
				t.Parallel()
				d := &deliveries{make: kind.make, sent: make(chan struct{})}
				var want map[string]any
				for _, c := range connect.All(t, inprocchain.NewChain(opts...), d.service().register) {
					got := d.run(t, c.Conn)
					if !c.InProcess {
						want = got
						continue
					}
					for what := range want {
						if !reflect.DeepEqual(got[what], want[what]) {
							t.Errorf("%s: %s is not deeply equal to that of a network: %s", c.Name, what, firstDifference(reflect.ValueOf(got[what]), reflect.ValueOf(want[what])))
						}
					}
				}
			})
		}
	}
}

func deliveredKinds() []messageKind {
	kinds := []messageKind{
		{name: "nested message", make: func() proto.Message {
			return &pb.SimpleRequest{Payload: &pb.Payload{Body: []byte("body")}, ResponseStatus: &pb.EchoStatus{Message: "status"}}
		}},
		{name: "spans", make: func() proto.Message { return spans() }},
		{name: "file descriptor", make: func() proto.Message {
			return protodesc.ToFileDescriptorProto(descriptorpb.File_google_protobuf_descriptor_proto)
		}},
		{name: "every kind of field", make: func() proto.Message { return everyField() }},
		{name: "every kind of field in the opaque API", make: func() proto.Message { return everyOpaqueField() }},
		{name: "empty lists, maps and elements", make: func() proto.Message {
			return &testpb.Open{
				Data: []byte{}, Numbers: []int64{}, Parts: [][]byte{nil, {}}, Children: []*testpb.Open{nil, {}},
				Blobs: map[string][]byte{"nil": nil, "empty": {}}, Named: map[int32]*testpb.Open{}, Choice: &testpb.Open_ChosenChild{},
			}
		}},
	}
	for _, kind := range messageKinds() {
		switch kind.name {
		case "dynamic": // reflect.DeepEqual never finds two of them equal.
		case "1 MiB": // A network does not queue several of them.
		default:
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func spans() *tracepb.ResourceSpans {
	attribute := func(key string) *commonpb.KeyValue {
		return &commonpb.KeyValue{Key: key, Value: &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: "value"}}}
	}
	span := &tracepb.Span{Name: "span", Attributes: []*commonpb.KeyValue{attribute("a"), attribute("b")}, Status: new(tracepb.Status)}
	return &tracepb.ResourceSpans{ScopeSpans: []*tracepb.ScopeSpans{{Spans: []*tracepb.Span{span, span}}}}
}

func everyField() *testpb.Open {
	m := withMaps(3)
	m.Number, m.Text, m.Data = proto.Int64(1), proto.String("text"), []byte("data")
	m.Numbers, m.Parts = []int64{1, 2}, [][]byte{[]byte("a"), []byte("b")}
	m.Children = []*testpb.Open{{Text: proto.String("child")}}
	m.Choice = &testpb.Open_ChosenChild{ChosenChild: &testpb.Open{Data: []byte("chosen")}}
	m.Child = &testpb.Open{Child: &testpb.Open{Text: proto.String("deep")}}
	m.Nested = &testpb.Open_Nested{Inner: []byte("inner")}
	m.ProtoReflect().SetUnknown(unknownFields(3).ProtoReflect().GetUnknown())
	return m
}

func everyOpaqueField() *testpb.Opaque {
	child := func(text string) *testpb.Opaque {
		m := new(testpb.Opaque)
		m.SetText(text)
		return m
	}
	m := child("text")
	m.SetNumbers([]int64{1, 2})
	m.SetParts([][]byte{[]byte("a"), []byte("b")})
	m.SetChildren([]*testpb.Opaque{child("first"), child("second")})
	m.SetBlobs(map[string][]byte{"key": []byte("value")})
	m.SetNamed(map[int32]*testpb.Opaque{1: child("named")})
	m.SetChosenChild(child("chosen"))
	m.SetChild(child("child"))
	m.SetNested(child("nested"))
	m.SetLazyChild(child("lazy"))
	return m
}

// deliveries makes RPCs of each kind and collects the messages that arrive, as they arrive.
type deliveries struct {
	make    func() proto.Message
	arrived map[string]any
	sent    chan struct{} // tells that the caller or the handler has sent its messages
}

const queued = 3 // messages are sent in a stream before the first one is received

func (d *deliveries) empty() proto.Message { return d.make().ProtoReflect().New().Interface() }

func (d *deliveries) run(t *testing.T, cc grpc.ClientConnInterface) map[string]any {
	d.arrived = map[string]any{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	reply := d.empty()
	if err := cc.Invoke(ctx, unaryMethod, d.make(), reply); err != nil {
		t.Fatal(err)
	}
	d.arrived["the unary response"] = reply
	stream := openBidi(ctx, t, cc)
	if err := sendQueued(stream.SendMsg, d.make); err != nil {
		t.Fatal(err)
	}
	d.sent <- struct{}{}
	<-d.sent // The handler has sent its messages.
	responses, err := receiveQueued(stream.RecvMsg, d.empty)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(d.empty()); err != io.EOF {
		t.Fatal(err)
	}
	d.arrived["a stream's responses"] = responses
	return d.arrived
}

func (d *deliveries) service() service {
	return service{
		request: func() any { return d.empty() },
		unary: func(_ context.Context, req any) (any, error) {
			d.arrived["the unary request"] = req
			return d.make(), nil
		},
		stream: func(stream grpc.ServerStream) error {
			<-d.sent
			requests, err := receiveQueued(stream.RecvMsg, d.empty)
			if err != nil {
				return err
			}
			d.arrived["a stream's requests"] = requests
			defer func() { d.sent <- struct{}{} }()
			return sendQueued(stream.SendMsg, d.make)
		},
	}
}

func sendQueued(send func(any) error, make func() proto.Message) error {
	for range queued {
		if err := send(make()); err != nil {
			return err
		}
	}
	return nil
}

func receiveQueued(receive func(any) error, empty func() proto.Message) (messages []any, err error) {
	for range queued {
		message := empty()
		if err := receive(message); err != nil {
			return nil, err
		}
		messages = append(messages, message)
	}
	return messages, nil
}
