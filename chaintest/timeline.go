package chaintest

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/stats"
)

// A timeline is the events of one side of an RPC, in sequences. Within a
// sequence the order of events is fixed. The order of events in different sequences is
// not.
type timeline struct {
	sequences []sequence
}

type sequence struct {
	name   string
	events []event
}

func (t *timeline) add(name string, e event) {
	for i := range t.sequences {
		if t.sequences[i].name == name {
			t.sequences[i].events = append(t.sequences[i].events, e)
			return
		}
	}
	t.sequences = append(t.sequences, sequence{name, []event{e}})
}

func (t *timeline) clone() timeline {
	sequences := slices.Clone(t.sequences)
	for i := range sequences {
		sequences[i].events = slices.Clone(sequences[i].events)
	}
	return timeline{sequences}
}

func (t *timeline) has(prefix string) bool {
	return slices.ContainsFunc(t.sequences, func(s sequence) bool {
		return slices.ContainsFunc(s.events, func(e event) bool { return strings.HasPrefix(e.name, prefix) })
	})
}

// take removes the events with that name and returns them, with the name of their
// sequence.
func (t *timeline) take(name string) sequence {
	var taken sequence
	for i := range t.sequences {
		t.sequences[i].events = slices.DeleteFunc(t.sequences[i].events, func(e event) bool {
			if e.name != name {
				return false
			}
			taken.name = t.sequences[i].name
			taken.events = append(taken.events, e)
			return true
		})
	}
	return taken
}

// insert puts taken events before the first event with the first of the names that
// occurs. If none occurs, it puts them at the end of the sequence that they were taken
// from.
func (t *timeline) insert(taken sequence, before ...string) {
	for _, name := range before {
		for i := range t.sequences {
			at := slices.IndexFunc(t.sequences[i].events, func(e event) bool { return e.name == name })
			if at >= 0 {
				t.sequences[i].events = slices.Insert(t.sequences[i].events, at, taken.events...)
				return
			}
		}
	}
	for _, e := range taken.events {
		t.add(taken.name, e)
	}
}

// replace replaces the field of the same name in all events with that name.
func (t *timeline) replace(name string, replacement field) {
	for i := range t.sequences {
		for j, e := range t.sequences[i].events {
			if e.name == name {
				t.sequences[i].events[j] = e.with(replacement)
			}
		}
	}
}

// sending names the sequence of a side's outgoing messages. Sending and
// receiving are ordered, except in a bidirectional stream, where they may happen
// in two goroutines.
func (r *rpc) sending(side string) string {
	if r.isBidi() {
		return side + ", sending"
	}
	return side
}

// receiving names the sequence of a side's incoming messages.
func (r *rpc) receiving(side string) string {
	if r.isBidi() {
		return side + ", receiving"
	}
	return side
}

// clientEnd names the sequence of the events that end an attempt. A canceled
// context may end a stream at any time.
func (a *attempt) clientEnd() string {
	if a.rpc.isStream() {
		return "client, at the end"
	}
	return "client"
}

func (a *attempt) clientSequence(s stats.RPCStats) string {
	switch s.(type) {
	case *stats.OutPayload:
		return a.rpc.sending("client")
	case *stats.InHeader, *stats.InPayload:
		return a.rpc.receiving("client")
	case *stats.InTrailer, *stats.End:
		return a.clientEnd()
	}
	return "client"
}

func (a *attempt) serverSequence(s stats.RPCStats) string {
	switch s.(type) {
	case *stats.OutHeader, *stats.OutPayload:
		return a.rpc.sending("server")
	case *stats.InPayload:
		return a.rpc.receiving("server")
	}
	return "server"
}

// addClient adds an event of the client side. The names of later attempts include their
// number. It must be called with the recorder's lock held.
func (a *attempt) addClient(sequence string, e event) {
	e.beforeEnd = e.beforeEnd || !a.rpc.hasEnded()
	if a.number > 1 {
		e.name = fmt.Sprintf("attempt %d: %s", a.number, e.name)
		if sequence != "client" {
			sequence = fmt.Sprintf("%s, attempt %d", sequence, a.number)
		}
	}
	a.rpc.clientEvents.add(sequence, e)
}
