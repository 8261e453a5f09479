package differential_test

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// violations returns the parts of an outcome that are wrong in every order of the calls of the
// program.
func violations(p program, o outcome) []string {
	v := &violated{program: p, outcome: o}
	for _, e := range o["the bubble"] {
		v.add("%s", e)
	}
	v.statsAreComplete()
	v.onFinishAgreesWithStats()
	if methods[p.method].unary {
		v.unaryHasOneResult()
	} else {
		v.streamHasOneEnd()
		v.messagesArriveInOrder()
		v.payloadsAreCounted()
		v.statsHaveTheSameEnd()
	}
	return v.list
}

type violated struct {
	program program
	outcome outcome
	list    []string
}

func (v *violated) add(format string, args ...any) {
	v.list = append(v.list, fmt.Sprintf(format, args...))
}

// named returns the events of an observer that have the name.
func (v *violated) named(observer, name string) []event {
	var events []event
	for _, e := range v.outcome[observer] {
		if e.name == name {
			events = append(events, e)
		}
	}
	return events
}

// statsAreComplete checks that each RPC of a stats handler begins and ends once, and that on
// the server nothing follows End. On the client, events may also follow End on a network.
func (v *violated) statsAreComplete() {
	for observer, events := range v.outcome {
		if !strings.Contains(observer, " stats handler ") || strings.HasSuffix(observer, ", connection") {
			continue
		}
		for _, name := range []string{"TagRPC", "Begin", "End"} {
			if n := len(v.named(observer, name)); n != 1 {
				v.add("%s has %d events %s", observer, n, name)
			}
		}
		for _, name := range []string{"InHeader", "OutHeader", "InTrailer", "OutTrailer"} {
			if n := len(v.named(observer, name)); n > 1 {
				v.add("%s has %d events %s", observer, n, name)
			}
		}
		if last := events[len(events)-1]; last.name != "End" && strings.HasPrefix(observer, "server") {
			v.add("%s has %s after End", observer, last.name)
		}
	}
}

// onFinishAgreesWithStats checks that OnFinish is called once, with the error of the client's
// stats.End.
func (v *violated) onFinishAgreesWithStats() {
	if !v.program.hasOption("OnFinish") {
		return
	}
	finished := v.named("OnFinish", "called")
	if len(finished) != 1 {
		v.add("OnFinish was called %d times", len(finished))
		return
	}
	for _, e := range v.named("client stats handler 1", "End") {
		if got, want := finished[0].field("error"), e.field("error"); got != want {
			v.add("OnFinish has %v and stats.End has %v", got, want)
		}
	}
}

// unaryHasOneResult checks that Invoke, OnFinish and the response agree.
func (v *violated) unaryHasOneResult() {
	for _, invoke := range v.named("client", "Invoke") {
		got := invoke.field("error").(failure)
		for _, e := range v.named("OnFinish", "called") {
			if e.field("error") != got {
				v.add("Invoke returned %v and OnFinish has %v", got, e.field("error"))
			}
		}
		if local(got) {
			continue
		}
		returned := v.named("handler", "returned")
		if len(returned) != 1 {
			v.add("Invoke returned %v and the handler has returned %d times", got, len(returned))
			continue
		}
		if want := returned[0].field("response"); got == (failure{}) && invoke.field("reply") != want {
			v.add("Invoke received %v and the handler returned %v", invoke.field("reply"), want)
		}
	}
}

// local reports whether the error comes from the client: the handler returns only nil or
// DataLoss.
func local(f failure) bool {
	return f != failure{} && f.kind != "io.EOF" && f.code != codes.DataLoss
}

// streamHasOneEnd checks that RecvMsg, Header, Trailer and the call options report the same
// end.
func (v *violated) streamHasOneEnd() {
	end, after := v.end()
	if end == nil {
		return
	}
	sentTrailer := v.handlerSucceeded("SetTrailer")
	client := v.endedByClient(*end)
	var header, trailer any
	for _, e := range after {
		switch e.name {
		case "RecvMsg":
			if got, ok := e.field("error").(failure); v.serverStreams() && (!ok || got != *end) {
				v.add("RecvMsg returned %v and then %s", *end, e)
			}
		case "Header":
			if header != nil && text(header) != text(e.field("header")) {
				v.add("after the end Header returned %s and then %s", text(header), text(e.field("header")))
			}
			header = e.field("header")
		case "Trailer":
			trailer = e.field("trailer")
			has := len(trailer.(metadata.MD)["key"]) > 0
			if client && has {
				v.add("RecvMsg returned %v and Trailer %s", *end, text(trailer))
			}
			if !local(*end) && sentTrailer && !has {
				v.add("RecvMsg returned %v and Trailer lacks the trailer of the handler", *end)
			}
		}
	}
	v.optionsAgree(header, trailer)
}

// optionsAgree checks that the options Header and Trailer have the results of the methods.
func (v *violated) optionsAgree(header, trailer any) {
	set := v.named("call options", "set")[0]
	if got := set.field("header"); v.program.hasOption("Header") && header != nil && mdText(got.(metadata.MD)) != text(header) {
		v.add("the method Header returned %s and the option has %s", text(header), text(got))
	}
	if got := set.field("trailer"); v.program.hasOption("Trailer") && trailer != nil && mdText(got.(metadata.MD)) != text(trailer) {
		v.add("the method Trailer returned %s and the option has %s", text(trailer), text(got))
	}
}

// end returns the error of RecvMsg that ended the stream for the client, which is io.EOF if
// the RPC succeeded, and the later events of the receiver. It returns nil if the client has not
// received until the end.
func (v *violated) end() (*failure, []event) {
	for i, e := range v.outcome["client's receiver"] {
		if e.name != "RecvMsg" {
			continue
		}
		f, failed := e.field("error").(failure)
		if !failed && v.serverStreams() {
			continue
		}
		if !failed {
			f = failure{kind: "io.EOF"}
		}
		return &f, v.outcome["client's receiver"][i+1:]
	}
	return nil, nil
}

func (v *violated) serverStreams() bool { return methods[v.program.method].serverStreams }

// handlerSucceeded reports whether a call of the handler whose name has that
// suffix returned no error.
func (v *violated) handlerSucceeded(suffix string) bool {
	return slices.ContainsFunc(v.outcome["handler"], func(e event) bool {
		f, failed := e.field("error").(failure)
		return strings.HasSuffix(e.name, suffix) && (!failed || f == failure{})
	})
}

// endedByClient reports whether only the client can have ended the stream with the error.
func (v *violated) endedByClient(end failure) bool {
	switch {
	case !local(end), strings.HasPrefix(end.message, "cardinality violation"):
		return false
	case end.code == codes.DeadlineExceeded: // The server's deadline may pass first.
		return !v.handlerReceived(end)
	}
	return true
}

// handlerReceived reports whether a call of the handler's stream returned the error, which
// the server then sends to the client.
func (v *violated) handlerReceived(f failure) bool {
	for _, observer := range []string{"handler", "handler's receiver"} {
		for _, name := range []string{"RecvMsg", "SendMsg"} {
			if slices.ContainsFunc(v.named(observer, name), func(e event) bool { return e.field("error") == f }) {
				return true
			}
		}
	}
	return false
}

// messagesArriveInOrder checks that each side receives the messages of the other in order, and
// that the client has received all of them at the end.
func (v *violated) messagesArriveInOrder() {
	v.arrive("the client", "client's receiver", "handler")
	v.arrive("the handler", "handler's receiver", "client")
	if end, _ := v.end(); end != nil && !local(*end) && v.serverStreams() {
		got, want := len(v.messages("client's receiver", "RecvMsg")), len(v.messages("handler", "SendMsg"))
		if got < want {
			v.add("the handler has sent %d messages and the client received %d before %v", want, got, *end)
		}
	}
}

func (v *violated) arrive(who, receiver, sender string) {
	sent, received := v.messages(sender, "SendMsg"), v.messages(receiver, "RecvMsg")
	if len(received) > len(sent) || !slices.Equal(received, sent[:len(received)]) {
		v.add("%s received %q, and %q were sent", who, received, sent)
	}
}

// messages returns the messages that were sent or received without an error.
func (v *violated) messages(observer, call string) []string {
	var messages []string
	for _, e := range v.named(observer, call) {
		f, failed := e.field("error").(failure)
		message, ok := e.field("message").(string)
		if ok && (!failed || f == failure{}) {
			messages = append(messages, message)
		}
	}
	return messages
}

// payloadsAreCounted checks that stats handlers receive an event for each message.
func (v *violated) payloadsAreCounted() {
	for _, c := range []struct {
		observer, call, statsHandler, event string
		more                                bool // whether there may be events of messages that no call returned
	}{
		{"client's receiver", "RecvMsg", "client stats handler 1", "InPayload", !v.serverStreams()},
		{"handler's receiver", "RecvMsg", "server stats handler 1", "InPayload", true},
		{"handler", "SendMsg", "server stats handler 1", "OutPayload", false},
	} {
		calls, events := len(v.messages(c.observer, c.call)), len(v.named(c.statsHandler, c.event))
		if calls > events || calls < events && !c.more {
			v.add("%s has %d times %s, for %d messages of %s", c.statsHandler, events, c.event, calls, c.observer)
		}
	}
}

// statsHaveTheSameEnd compares the client's stats with the end that RecvMsg returned. On a
// network, too, there is an event for a trailer that arrives after the end.
func (v *violated) statsHaveTheSameEnd() {
	end, _ := v.end()
	if end == nil || strings.HasPrefix(end.message, "cardinality violation") {
		return
	}
	for _, e := range v.named("client stats handler 1", "End") {
		has := len(e.field("trailer").(metadata.MD)["key"]) > 0
		if v.endedByClient(*end) && has {
			v.add("RecvMsg returned %v and stats.End has the trailer", *end)
		}
	}
	trailers := v.named("client stats handler 1", "InTrailer")
	if !local(*end) && len(trailers) != 1 {
		v.add("RecvMsg returned %v and there are %d events InTrailer", *end, len(trailers))
	}
}
