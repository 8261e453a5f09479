package chaintest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
)

// An rpcRecord is the part of an RPC that is compared: the recorded events, except those
// whose order or presence varies on a network.
type rpcRecord struct {
	method    string
	sequences []sequence
	code      codes.Code // that the caller received, or OK if it received none
}

// records returns what has been recorded, in the order in which RPCs began.
func (r *recorder) records() []rpcRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []rpcRecord
	for _, rpc := range r.rpcs {
		made := rpcRecord{method: rpc.method, sequences: r.comparableClient(rpc), code: rpc.code}
		for _, a := range rpc.attempts {
			made.sequences = append(made.sequences, comparableServer(a)...)
		}
		if len(made.sequences) == 0 {
			continue
		}
		slices.SortFunc(made.sequences, func(a, b sequence) int { return cmp.Compare(a.name, b.name) }) // Their order varies.
		records = append(records, made)
	}
	return records
}

// comparableClient returns the client's sequences. The header and the trailer of
// a response may arrive at any time before they are needed, so they are moved to the
// event that needs them. If the server ends a stream without reading all of it,
// the end may come before the client sends, or after.
func (r *recorder) comparableClient(of *rpc) []sequence {
	t := of.clientEvents.clone()
	for _, a := range of.attempts {
		prefix := ""
		if a.number > 1 {
			prefix = fmt.Sprintf("attempt %d: ", a.number)
		}
		if a.client.code != a.code() {
			t.replace(prefix+"stats End", errorField("Error", a.result))
		}
		trailers := t.take(prefix + "stats InTrailer")
		if r.wasAbandoned(a) {
			t.replace(prefix+"stats End", uncertain("Trailer"))
			t.replace(prefix+"OnFinish", uncertain("trailer"))
			t.replace(prefix+innermost+": returned", uncertain("trailer"))
			t.replace(caller+": returned", uncertain("trailer"))
			t.replace(prefix+innermost+": Trailer", uncertain("trailer"))
			t.replace(caller+": Trailer", uncertain("trailer"))
		} else {
			t.insert(trailers, prefix+"stats End")
		}
		if r.clientOnly && r.wasAbandoned(a) && !a.responseRead {
			t.replace("OnFinish", uncertain("header")) // The header may not have arrived yet.
			t.replace(caller+": returned", uncertain("header"))
		}
		if r.clientOnly {
			t.takeUncheckedSends()
		} else if a.wasUnread() {
			t.takeSends(prefix+"stats OutPayload", prefix+innermost+": SendMsg", prefix+innermost+": CloseSend",
				caller+": SendMsg", caller+": CloseSend")
		}
		headers := t.take(prefix + "stats InHeader")
		t.insert(headers, prefix+"stats InPayload", prefix+"stats InTrailer", prefix+"stats End")
	}
	return t.sequences
}

func uncertain(name string) field { return textField(name, "uncertain") }

// wasUnread reports whether the server responded before it had read everything.
func (a *attempt) wasUnread() bool {
	return a.rpc.isStream() && !a.requestsRead && a.server.responded && !a.clientGone || a.wasUnknown()
}

// wasUnknown reports whether the server does not know the method.
func (a *attempt) wasUnknown() bool {
	return a.client.ended && !a.server.begun && a.code() == codes.Unimplemented
}

// wasAbandoned reports whether the client has canceled the attempt or its deadline has
// passed. Then it varies how much of the response was sent and received.
func (r *recorder) wasAbandoned(a *attempt) bool {
	if r.clientOnly { // The server may have returned this code, too.
		return a.code() == codes.Canceled || a.code() == codes.DeadlineExceeded
	}
	return a.wasAbandoned()
}

func (a *attempt) wasAbandoned() bool {
	unsent := !a.requestSent && !a.rpc.isStream() && !a.wasUnknown()
	return a.client.ended && (a.clientGone || unsent || a.server.begun && a.code() != a.server.code)
}

// comparableServer returns the server's sequences. A server on a network also
// reports RPCs that do not begin, since there is no such method, and RPCs whose
// request the client has not sent. Those are not compared.
func comparableServer(a *attempt) []sequence {
	t := a.serverEvents.clone()
	called := t.has(innermost) || t.has(outermost)
	if !called && (!a.server.begun || a.wasAbandoned()) {
		return nil
	}
	if a.wasAbandoned() {
		t.take("stats OutTrailer")
		t.takeLastHeader()
	}
	if a.clientGone && a.code() == codes.DeadlineExceeded {
		t.hideContextError()
	}
	if a.number > 1 {
		for i := range t.sequences {
			t.sequences[i].name += fmt.Sprintf(", attempt %d", a.number)
		}
	}
	return t.sequences
}

// takeUncheckedSends removes the caller's sends to a stream. Without the
// server's side it is unknown whether the server read them, and so whether they
// could succeed. Errors other than io.EOF do not depend on that and are kept.
func (t *timeline) takeUncheckedSends() {
	for i := range t.sequences {
		t.sequences[i].events = slices.DeleteFunc(t.sequences[i].events, func(e event) bool {
			sends := e.name == caller+": SendMsg" || e.name == caller+": CloseSend"
			return sends && slices.ContainsFunc(e.fields, func(f field) bool {
				return f.name == "error" && (f.text == describeError(nil) || f.text == describeError(io.EOF))
			})
		})
	}
	t.sequences = slices.DeleteFunc(t.sequences, func(s sequence) bool { return len(s.events) == 0 })
}

// takeSends removes the events with these names that happened before the end. If
// receiving has a sequence of its own, it removes all of them, since their order
// is uncertain.
func (t *timeline) takeSends(names ...string) {
	for i, s := range t.sequences {
		apart := strings.HasPrefix(s.name, "client, sending")
		t.sequences[i].events = slices.DeleteFunc(s.events, func(e event) bool {
			return (apart || e.beforeEnd) && slices.Contains(names, e.name)
		})
	}
}

// hideContextError replaces the two errors that a server's context may have when
// the deadline passes by one text: its own deadline passed first, or its client
// canceled the RPC first.
func (t *timeline) hideContextError() {
	for i := range t.sequences {
		for j, e := range t.sequences[i].events {
			e.fields = slices.Clone(e.fields)
			for k := range e.fields {
				if strings.EqualFold(e.fields[k].name, "error") {
					e.fields[k].text = contextErrors.Replace(e.fields[k].text)
				}
			}
			t.sequences[i].events[j] = e
		}
	}
}

var contextErrors = strings.NewReplacer(
	describeError(context.DeadlineExceeded), "the context's error",
	describeError(context.Canceled), "the context's error",
	context.DeadlineExceeded.Error(), "context ended",
	context.Canceled.Error(), "context ended",
	"code "+codes.DeadlineExceeded.String(), "the context's code",
	"code "+codes.Canceled.String(), "the context's code",
)

// takeLastHeader removes a header that was sent only because the handler returned.
func (t *timeline) takeLastHeader() {
	for i, s := range t.sequences {
		at := slices.IndexFunc(s.events, func(e event) bool { return e.name == "stats OutHeader" })
		if at < 0 {
			continue
		}
		sent := slices.ContainsFunc(s.events[at:], func(e event) bool {
			return e.hasSuffix("stats OutPayload") || e.hasSuffix("SendHeader") || e.hasSuffix("SendMsg") || e.name == innermost+": returned"
		})
		if !sent {
			t.sequences[i].events = slices.Delete(s.events, at, at+1)
		}
	}
}
