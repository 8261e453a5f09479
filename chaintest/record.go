package chaintest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
)

// A record is what is compared of an RPC: all that is certain.
type record struct {
	method string
	lanes  []lane
	sum    [sha256.Size]byte
}

// records returns what has been recorded, in the order in which RPCs began.
func (r *recorder) records() []record {
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []record
	for _, rpc := range r.rpcs {
		made := record{method: rpc.method, lanes: certainClient(rpc)}
		for _, a := range rpc.attempts {
			made.lanes = append(made.lanes, certainServer(a)...)
		}
		if len(made.lanes) == 0 {
			continue
		}
		slices.SortFunc(made.lanes, func(a, b lane) int { return cmp.Compare(a.name, b.name) }) // they have begun in any order
		made.sum = sha256.Sum256([]byte(made.String()))
		records = append(records, made)
	}
	return records
}

func (r record) String() string {
	var out strings.Builder
	fmt.Fprintln(&out, r.method)
	for _, lane := range r.lanes {
		fmt.Fprintln(&out, lane.name)
		for _, e := range lane.events {
			fmt.Fprintln(&out, "", e)
		}
	}
	return out.String()
}

// certainClient returns the client's lanes. The header and the trailer of a
// response arrive at any time before somebody needs them, so they are put
// there. A stream that the server ends without reading all may end before its
// client sends, or after.
func certainClient(of *rpc) []lane {
	t := of.client.clone()
	for _, a := range of.attempts {
		prefix := ""
		if a.number > 1 {
			prefix = fmt.Sprintf("attempt %d: ", a.number)
		}
		if a.client.code != a.code() {
			t.replace(prefix+"stats End", field{"Error", describeError(a.result)})
		}
		trailers := t.take(prefix + "stats InTrailer")
		if a.wasAbandoned() {
			t.replace(prefix+"stats End", field{"Trailer", anyTrailer})
			t.replace(prefix+"OnFinish", field{"trailer", anyTrailer})
			t.replace(prefix+innermost+": returned", field{"trailer", anyTrailer})
			t.replace(outermost+": returned", field{"trailer", anyTrailer})
		} else {
			t.insert(trailers, prefix+"stats End")
		}
		if a.wasUnread() {
			t.takeSends(prefix+"stats OutPayload", prefix+innermost+": SendMsg", prefix+innermost+": CloseSend",
				outermost+": SendMsg", outermost+": CloseSend")
		}
		headers := t.take(prefix + "stats InHeader")
		t.insert(headers, prefix+"stats InPayload", prefix+"stats InTrailer", prefix+"stats End")
	}
	return t.lanes
}

// wasUnread reports whether the server answered before it had read all.
func (a *attempt) wasUnread() bool {
	return a.rpc.isStream() && !a.read && a.served.answered && !a.gone || a.wasUnknown()
}

// wasUnknown reports whether the server does not know the method.
func (a *attempt) wasUnknown() bool {
	return a.client.ended && !a.served.begun && a.code() == codes.Unimplemented
}

// wasAbandoned reports whether the client gave the attempt up, so that nobody
// knows how much of its end went out and came in.
func (a *attempt) wasAbandoned() bool {
	unasked := !a.asked && !a.rpc.isStream() && !a.wasUnknown()
	return a.client.ended && (a.gone || unasked || a.served.begun && a.code() != a.served.code)
}

// certainServer returns the server's lanes. Two things that a server on a
// network tells do not count: an RPC that does not begin, since there is no
// such method, and one whose request the client has not sent.
func certainServer(a *attempt) []lane {
	t := a.server.clone()
	called := t.has(innermost) || t.has(outermost)
	if !called && (!a.served.begun || a.wasAbandoned()) {
		return nil
	}
	if a.wasAbandoned() {
		t.take("stats OutTrailer")
		t.takeLastHeader()
	}
	if a.gone && a.code() == codes.DeadlineExceeded {
		t.forgetReason()
	}
	if a.number > 1 {
		for i := range t.lanes {
			t.lanes[i].name += fmt.Sprintf(", attempt %d", a.number)
		}
	}
	return t.lanes
}

// takeSends removes the events of these names from before the end. There is no
// before if receiving is on its own.
func (t *timeline) takeSends(names ...string) {
	for i, lane := range t.lanes {
		apart := strings.HasPrefix(lane.name, "client, sending")
		t.lanes[i].events = slices.DeleteFunc(lane.events, func(e event) bool {
			return (apart || e.early) && slices.Contains(names, e.name)
		})
	}
}

func (t *timeline) clone() timeline {
	lanes := slices.Clone(t.lanes)
	for i := range lanes {
		lanes[i].events = slices.Clone(lanes[i].events)
	}
	return timeline{lanes}
}

func (t *timeline) has(prefix string) bool {
	return slices.ContainsFunc(t.lanes, func(l lane) bool {
		return slices.ContainsFunc(l.events, func(e event) bool { return strings.HasPrefix(e.name, prefix) })
	})
}

// take removes the events of that name and returns them, with their lane.
func (t *timeline) take(name string) lane {
	var taken lane
	for i := range t.lanes {
		t.lanes[i].events = slices.DeleteFunc(t.lanes[i].events, func(e event) bool {
			if e.name != name {
				return false
			}
			taken.name = t.lanes[i].name
			taken.events = append(taken.events, e)
			return true
		})
	}
	return taken
}

// insert puts what was taken before the first event of the first name that
// there is, or else where it was.
func (t *timeline) insert(taken lane, before ...string) {
	for _, name := range before {
		for i := range t.lanes {
			at := slices.IndexFunc(t.lanes[i].events, func(e event) bool { return e.name == name })
			if at >= 0 {
				t.lanes[i].events = slices.Insert(t.lanes[i].events, at, taken.events...)
				return
			}
		}
	}
	for _, e := range taken.events {
		t.add(taken.name, e)
	}
}

const anyTrailer = "that nobody can rely on"

// replace gives the events of that name another field in the place of that of its name.
func (t *timeline) replace(name string, by field) {
	for i := range t.lanes {
		for j, e := range t.lanes[i].events {
			if e.name == name {
				t.lanes[i].events[j] = e.with(by)
			}
		}
	}
}

// forgetReason makes one of the two errors that a server's context may have
// when the deadline passes: its own deadline, or that its client has gone.
func (t *timeline) forgetReason() {
	for i := range t.lanes {
		for j, e := range t.lanes[i].events {
			e.fields = slices.Clone(e.fields)
			for k := range e.fields {
				if strings.EqualFold(e.fields[k].name, "error") {
					e.fields[k].text = eitherEnd.Replace(e.fields[k].text)
				}
			}
			t.lanes[i].events[j] = e
		}
	}
}

var eitherEnd = strings.NewReplacer(
	describeError(context.DeadlineExceeded), "the context's error",
	describeError(context.Canceled), "the context's error",
	context.DeadlineExceeded.Error(), "context ended",
	context.Canceled.Error(), "context ended",
	"code "+codes.DeadlineExceeded.String(), "the context's code",
	"code "+codes.Canceled.String(), "the context's code",
)

// takeLastHeader removes a header that nothing but the end has sent.
func (t *timeline) takeLastHeader() {
	for i, lane := range t.lanes {
		at := slices.IndexFunc(lane.events, func(e event) bool { return e.name == "stats OutHeader" })
		if at < 0 {
			continue
		}
		sent := slices.ContainsFunc(lane.events[at:], func(e event) bool {
			return e.is("stats OutPayload") || e.is("SendHeader") || e.is("SendMsg") || e.name == innermost+": returned"
		})
		if !sent {
			t.lanes[i].events = slices.Delete(lane.events, at, at+1)
		}
	}
}
