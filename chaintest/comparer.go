package chaintest

import (
	"slices"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/emptypb"
)

// A comparer decides what is equal, with the options of [WithCmpOptions].
type comparer struct {
	options  cmp.Options
	oneChain bool // whether both sides run the same Chain
}

func newComparer(options cmp.Options) comparer {
	if !comparesMessages(options) {
		options = append(cmp.Options{protocmp.Transform()}, options...)
	}
	return comparer{options: options}
}

// comparesMessages reports whether the options handle all protobuf messages.
// Without such an option cmp panics for the unexported fields of a message.
func comparesMessages(options cmp.Options) (ok bool) {
	defer func() { ok = recover() == nil }()
	cmp.Equal(new(emptypb.Empty), new(emptypb.Empty), options)
	return true
}

func (c comparer) equal(a, b any) bool { return cmp.Equal(a, b, c.options) }

// diff returns how a and b differ, as cmp prints it.
func (c comparer) diff(a, b any) string { return cmp.Diff(a, b, c.options) }

func (c comparer) equalMessages(a, b proto.Message) bool {
	return proto.Equal(a, b) || c.equal(a, b)
}

func (c comparer) equalFields(a, b field) bool {
	return a.text == b.text && slices.EqualFunc(a.messages(), b.messages(), c.equalMessages)
}

func (c comparer) equalEvents(a, b event) bool {
	if a.name != b.name || len(a.fields) != len(b.fields) {
		return false
	}
	compareSizes := identicalMessages(a, b)
	for i := range a.fields {
		if a.fields[i].isSize && !compareSizes {
			continue
		}
		if !c.equalFields(a.fields[i], b.fields[i]) {
			return false
		}
	}
	return true
}

// identicalMessages reports whether the messages of two events are the same
// without any options. If not, they may differ in size, too.
func identicalMessages(a, b event) bool {
	for i := range min(len(a.fields), len(b.fields)) {
		if !slices.EqualFunc(a.fields[i].messages(), b.fields[i].messages(), proto.Equal) {
			return false
		}
	}
	return true
}

func (c comparer) equalSequences(a, b sequence) bool {
	return a.name == b.name && slices.EqualFunc(a.events, b.events, c.equalEvents)
}

func (c comparer) equalRecords(a, b rpcRecord) bool {
	return a.method == b.method && slices.EqualFunc(a.sequences, b.sequences, c.equalSequences)
}
