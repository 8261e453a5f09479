package shared_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
	"github.com/inprocchain/inprocchain/internal/testpb"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// Each case is a row of the section on shared messages in docs/differences.md: what the
// receiver of a message has on a network, on a Channel, and if the message is shared.
func TestDifferences(t *testing.T) {
	t.Parallel()
	register := tree{}.register
	network := connect.Network(t, inprocchain.Chain{}, register)
	for name, test := range map[string]struct {
		sent                    *testpb.Open
		read                    func(*testpb.Open) any
		network, copied, shared any
	}{
		"nil_element": {
			&testpb.Open{Children: []*testpb.Open{nil}},
			func(m *testpb.Open) any { return m.Children[0] == nil }, false, false, true,
		},
		"nil_value_in_a_map": {
			&testpb.Open{Named: map[int32]*testpb.Open{1: nil}},
			func(m *testpb.Open) any { return m.Named[1] == nil }, false, false, true,
		},
		"nil_message_in_a_oneof": {
			&testpb.Open{Choice: &testpb.Open_ChosenChild{}},
			func(m *testpb.Open) any { return m.GetChosenChild() == nil }, false, false, true,
		},
		"empty_list": {
			&testpb.Open{Child: &testpb.Open{Numbers: []int64{}}},
			func(m *testpb.Open) any { return m.Child.Numbers == nil }, true, true, false,
		},
		"empty_map": {
			&testpb.Open{Child: &testpb.Open{Blobs: map[string][]byte{}}},
			func(m *testpb.Open) any { return m.Child.Blobs == nil }, true, true, false,
		},
		"empty_list_with_extension_fields": {
			&testpb.Open{Numbers: []int64{}},
			func(m *testpb.Open) any { return m.Numbers == nil }, true, true, true,
		},
		"unknown_bytes": {
			&testpb.Open{Child: withUnknownNumber()},
			func(m *testpb.Open) any { return m.Child.Number == nil }, false, false, true,
		},
		"measured_before": {
			measured(&testpb.Open{Child: newTree()}),
			func(m *testpb.Open) any { return reflect.ValueOf(m.Child).Elem().FieldByName("sizeCache").Int() > 0 }, false, false, true,
		},
	} {
		results := []any{}
		for _, cc := range []grpc.ClientConnInterface{network, tree{}.onChannel(), tree{}.sharing()} {
			received, err := callTree(t.Context(), cc, test.sent)
			if err != nil {
				t.Fatal(err)
			}
			results = append(results, test.read(received))
		}
		if got, want := fmt.Sprint(results...), fmt.Sprint(test.network, test.copied, test.shared); got != want {
			t.Errorf("%s: on a network, copied and shared: %s, want %s", name, got, want)
		}
	}
}

// withUnknownNumber returns a message whose unknown fields have a number, which its type knows.
func withUnknownNumber() *testpb.Open {
	m := new(testpb.Open)
	m.ProtoReflect().SetUnknown([]byte{1 << 3, 7})
	return m
}

// measured returns m after proto.Size has stored sizes in it.
func measured(m *testpb.Open) *testpb.Open {
	proto.Size(m)
	return m
}

// A copy does not keep a negative zero, and a network and a shared message do.
func TestSharedMessageKeepsANegativeZero(t *testing.T) {
	t.Parallel()
	sent := wrapperspb.Double(math.Copysign(0, -1))
	for name, test := range map[string]struct {
		opts []inprocchain.Option
		want bool
	}{"copied": {nil, false}, "shared": {[]inprocchain.Option{inprocchain.WithSharedMessages()}, true}} {
		received := make(chan bool, 1)
		channel := inprocchain.New(test.opts...)
		channel.RegisterService(&grpc.ServiceDesc{
			ServiceName: "test.Zero",
			HandlerType: (*any)(nil),
			Streams: []grpc.StreamDesc{{StreamName: "Send", ClientStreams: true, ServerStreams: true, Handler: func(_ any, ss grpc.ServerStream) error {
				got := new(wrapperspb.DoubleValue)
				err := ss.RecvMsg(got)
				received <- math.Signbit(got.Value)
				return err
			}}},
		}, struct{}{})
		stream, err := channel.NewStream(t.Context(), testservice.BidiDesc, "/test.Zero/Send")
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.SendMsg(sent); err != nil {
			t.Fatal(err)
		}
		if got := <-received; got != test.want {
			t.Errorf("%s: the zero is negative: %v, want %v", name, got, test.want)
		}
	}
}
