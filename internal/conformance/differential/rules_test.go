package differential_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// A rule is something that must hold, and a program that shows it.
type rule struct {
	name    string
	program program
	// sees has, for some observers, the beginnings of all their events, in order.
	sees map[string][]string
}

// runs is the number of times that a network may need for an outcome, since it has others
// that are rare.
const runs = 25

// check runs the program of each rule on every side: on the network and in-process. On each
// side, observers must see what the rule says. Everything else that they see in-process must
// be equal to what they see on the network.
func check(t *testing.T, rules []rule) {
	t.Parallel()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.isCompared(t)
			r.holds(t, network, runs)
			for _, s := range inProcess {
				if s.closes || !r.program.has(opCloseConnection) {
					r.holds(t, s, 1)
				}
			}
			tester := &tester{T: t, normalizations: normalizations, reruns: runs, rerun: network}
			if d := tester.compare(r.program, inProcess); d != nil {
				t.Error(d.text(d.kinds()[0]))
			}
		})
	}
}

// isCompared fails the test if the comparison skips the program because of a documented
// difference.
func (r rule) isCompared(t *testing.T) {
	for _, n := range normalizations {
		if n.never != nil && n.never(r.program) || n.skip != nil && n.skip(r.program, execute(t, r.program, network)) {
			t.Errorf("the program is not compared, because of the normalization %q", n.name)
		}
	}
}

// holds runs the program on a side and fails the test if the rule holds there in none of
// several runs.
func (r rule) holds(t *testing.T, s side, runs int) {
	var observed outcome
	var broken string // an observer that did not see what it must
	for range runs {
		observed = execute(t, r.program, s)
		if broken = r.brokenFor(observed); broken == "" {
			return
		}
	}
	t.Errorf("%s: %s must see\n      %s\n  but this was observed\n%s", s.name, broken, strings.Join(r.sees[broken], "\n      "), observed)
}

// brokenFor returns an observer that has not seen what the rule says, or "".
func (r rule) brokenFor(observed outcome) string {
	for observer, want := range r.sees {
		if !slices.EqualFunc(observed[observer], want, func(e event, beginning string) bool { return strings.HasPrefix(e.String(), beginning) }) {
			return observer
		}
	}
	return ""
}

// These are beginnings of events, for the field sees of a rule.
const (
	hasHeader  = `header={content-type: ["application/grpc"], key: ["value"]}`
	hasTrailer = `trailer={key: ["value"]}`
	noHeader   = "header=none"
	noTrailer  = "trailer={}"

	endOfStream     = "error=io.EOF"
	statusOfHandler = `error=DataLoss("lost")`
	canceled        = `error=Canceled("context canceled")`
	connClosing     = `error=Canceled("grpc: the client connection is closing")`
	deadlinePassed  = `error=DeadlineExceeded("context deadline exceeded")`
	connectionLost  = "error=Unavailable("
	headerSent      = `error=Internal("transport: SendHeader called multiple times")`
	sendAfterClose  = `error=Internal("SendMsg called after CloseSend")`
	notReceivable   = `error=Internal("invalid header field value for \"key\"")`
	notPrintable    = `error=Internal("header key \"key\" contains value with non-printable ASCII characters")`
	twoHosts        = `error=Internal("num values of :authority: 1, num values of host: 2, both must only have 1 value as per HTTP/2 spec")`
)

// Package proto varies its error texts from one binary to the next, so these texts are made by
// calling it.
var (
	notEncodable = "error=" + failureOf(status.Errorf(codes.Internal, "grpc: error while marshaling: %v", errRequired())).String()
	notDecodable = "error=" + failureOf(status.Errorf(codes.Internal, "grpc: failed to unmarshal the received message: %v", errRequired())).String()
)

func errRequired() error { return proto.CheckInitialized(new(testpb.Required)) }

// received is the event of a RecvMsg that receives a small message.
func received(number int) string { return "RecvMsg message=" + small(number) }

// small is a small message, with its number among all messages that either side sends.
func small(number int) string { return text(messageText(messageTypes[0].small(number))) }

// allResults are the call options that return results to the caller.
func allResults() []int {
	return []int{callOptionNamed("Header"), callOptionNamed("Trailer"), callOptionNamed("Peer"), callOptionNamed("OnFinish")}
}
