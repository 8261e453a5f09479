package message

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// The report names the field whose value has changed, however deep it is.
func TestContractNamesTheField(t *testing.T) {
	for _, test := range []struct {
		want   string
		change func(*testpb.Open)
	}{
		{"child.text", func(m *testpb.Open) { m.Child.Text = proto.String("changed") }},
		{"child.child.number", func(m *testpb.Open) { m.Child.Child.Number = proto.Int64(0) }},
		{"child.child", func(m *testpb.Open) { m.Child.Child = nil }},
		{"numbers[1]", func(m *testpb.Open) { m.Numbers[1] = 0 }},
		{"parts[0]", func(m *testpb.Open) { m.Parts[0][0] = 0 }},
		{"children[1].numbers", func(m *testpb.Open) { m.Children[1].Numbers = []int64{1} }},
		{"blobs[key]", func(m *testpb.Open) { m.Blobs["key"] = nil }},
		{"blobs", func(m *testpb.Open) { m.Blobs["other"] = nil }},
		{"named[7].text", func(m *testpb.Open) { m.Named[7].Text = proto.String("changed") }},
		{"named", func(m *testpb.Open) { delete(m.Named, 7) }},
		{"chosen_child.text", func(m *testpb.Open) { m.GetChosenChild().Text = proto.String("changed") }},
		{"[inprocchain.test.extra_child].child", func(m *testpb.Open) {
			proto.GetExtension(m, testpb.E_ExtraChild).(*testpb.Open).Child = nil
		}},
		{"child.unknown fields", func(m *testpb.Open) { m.Child.ProtoReflect().SetUnknown([]byte{0xfa, 0x3f, 0}) }},
	} {
		m := extended()
		m.Child, m.Numbers, m.Parts = nested(2), []int64{1, 2}, [][]byte{{1}}
		m.Children = []*testpb.Open{{}, {}}
		m.Blobs = map[string][]byte{"key": {1}}
		m.Named = map[int32]*testpb.Open{6: {}, 7: {}}
		m.Choice = &testpb.Open_ChosenChild{ChosenChild: &testpb.Open{}}
		s := newTestSnapshot(t, m)
		if got := s.changedField(); got != "" {
			t.Fatalf("before the change to %s: %q has changed", test.want, got)
		}
		test.change(m)
		if got := s.changedField(); got != test.want {
			t.Errorf("the report names %q, want %q", got, test.want)
		}
	}
}

func newTestSnapshot(t *testing.T, m proto.Message) *snapshot {
	t.Helper()
	s, err := newSnapshot(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Decoding a field changes the encoding of a message and not its content.
func TestContractAllowsToDecodeFields(t *testing.T) {
	child := new(testpb.Opaque)
	child.SetText("text")
	data, err := proto.Marshal(child)
	if err != nil {
		t.Fatal(err)
	}
	inner := append([]byte{0x12, 0x04, 'l', 'a', 's', 't', 0x08, 0x01}, data...) // not in the order of fields
	lazy := append([]byte{0x5a, byte(len(inner) + 2), 0x6a, byte(len(inner))}, inner...)
	m := new(testpb.Opaque)
	if err := proto.Unmarshal(lazy, m); err != nil {
		t.Fatal(err)
	}
	s := newTestSnapshot(t, m)
	if got := m.GetChild().GetLazyChild().GetText(); got != "text" {
		t.Fatalf("the lazy field has the text %q", got)
	}
	if got := s.changedField(); got != "" {
		t.Errorf("%q has changed", got)
	}
}

// A stream that lives long and responses of many kinds must not fill the memory.
func TestContractIsBounded(t *testing.T) {
	contract := new(Contract)
	watch := contract.Watch("/test/Method")
	transfer := watch.Responses(&Transfer{Share: true})
	for _, size := range []int{1, 1 << 20} {
		for range 100 {
			var c Copy
			if err := transfer.Copy(&c, structpb.NewStringValue(strings.Repeat("x", size)), false); err != nil {
				t.Fatal(err)
			}
		}
		for what, r := range map[string]recent{"a stream": watch.sent, "a client": contract.responses} {
			if len(r.all) == 0 || len(r.all) > keptMessages || r.bytes > keptBytes {
				t.Errorf("%s keeps %d messages of %d bytes", what, len(r.all), r.bytes)
			}
		}
	}
	watch.Check()
	if len(watch.sent.all) > 0 {
		t.Error("an RPC that has ended keeps its messages")
	}
	var c Copy
	if err := transfer.Copy(&c, structpb.NewStringValue("late"), false); err != nil || len(watch.sent.all) > 0 {
		t.Errorf("an RPC that has ended keeps a late message; the error is %v", err)
	}
}
