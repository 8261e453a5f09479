package differential_test

import (
	"flag"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

var without = flag.String("differential.without", "", "comma-separated names of the normalizations that are not applied")

// A normalization takes a difference that docs/differences.md documents out of
// the comparison. Deleting its entry in normalizations makes the tester find it.
type normalization struct {
	name string
	row  string // of docs/differences.md: its case, or its first words

	// Either may be nil.
	skip func(p program, network outcome) bool // reports whether the program is not compared
	edit func(p program, e *event) bool        // edits an event of either side, and reports whether it is compared
}

var normalizations = []normalization{
	{
		name: "http2-headers",
		row:  "http2_headers",
		edit: func(_ program, e *event) bool { return withoutKeys(e, ":authority", "content-type", "user-agent") },
	},
	{
		name: "stats-addresses",
		row:  "stats_addresses",
		edit: func(_ program, e *event) bool { return withoutFields(e, "remote", "local", "authority") },
	},
	{
		name: "peer",
		row:  "peer",
		edit: func(_ program, e *event) bool { return withoutFields(e, "peer") },
	},
	{
		name: "wire-length",
		row:  "wire_length",
		edit: func(_ program, e *event) bool { return withoutFields(e, "wire") },
	},
	{
		name: "connection-events",
		row:  "connection_events",
		edit: func(_ program, e *event) bool { return !strings.HasSuffix(e.observer, ", connection") },
	},
	{
		name: "unknown-method",
		row:  "unknown_method",
		edit: func(p program, e *event) bool {
			return !methods[p.method].unknown || !strings.HasPrefix(e.observer, "server stats handler")
		},
	},
	{
		name: "capital-keys",
		row:  "capital_keys",
		skip: func(p program, _ outcome) bool { return metadatas[p.outgoing].name == "a capital key" },
	},
	{
		name: "call-authority",
		row:  "`grpc.CallAuthority` sets `:authority`",
		skip: func(p program, _ outcome) bool { return p.hasOption("CallAuthority") },
	},
	{
		name: "wait-for-ready",
		row:  "`grpc.WaitForReady` waits for a connection",
		skip: func(p program, _ outcome) bool { return p.hasOption("WaitForReady") && p.has(opShutdown) },
	},
	{
		// The text of a network says that a connection could not be dialled.
		name: "unavailable-text",
		row:  "nothing is dialled",
		edit: func(p program, e *event) bool {
			for i, f := range e.fields {
				if err, ok := f.value.(failure); ok && err.code == codes.Unavailable && p.has(opShutdown) {
					err.message = "(not compared)"
					e.fields[i].value = err
				}
			}
			return true
		},
	},
	{
		name: "flow-control",
		row:  "flow_control",
		skip: func(_ program, network outcome) bool {
			return waits(network["client"], "SendMsg") || waits(network["handler"], "SendMsg")
		},
	},
	{
		name: "client-stream-answered-twice",
		row:  "a client stream that its handler answers twice stays open, without an `End`",
		skip: func(p program, network outcome) bool {
			m := methods[p.method]
			return m.clientStreams && !m.serverStreams && succeeded(network["handler"], "SendMsg") > 1
		},
	},
}

// applied returns the normalizations that are not switched off.
func applied(t *testing.T) []normalization {
	t.Helper()
	if *without == "" {
		return normalizations
	}
	kept := slices.Clone(normalizations)
	for _, name := range strings.Split(*without, ",") {
		i := slices.IndexFunc(kept, func(n normalization) bool { return n.name == name })
		if i < 0 {
			t.Fatalf("-differential.without: there is no normalization %q", name)
		}
		kept = slices.Delete(kept, i, i+1)
	}
	return kept
}

// normalized returns the outcome after all normalizations.
func normalized(p program, o outcome, all []normalization) outcome {
	edited := make(outcome)
	for observer, events := range o {
		for _, e := range events {
			e.fields = slices.Clone(e.fields)
			if !slices.ContainsFunc(all, func(n normalization) bool { return n.edit != nil && !n.edit(p, &e) }) {
				edited[observer] = append(edited[observer], e)
			}
		}
	}
	return edited
}

// withoutKeys removes keys of all metadata of the event.
func withoutKeys(e *event, keys ...string) bool {
	for i, f := range e.fields {
		if md, ok := f.value.(metadata.MD); ok && md != nil {
			md = md.Copy()
			for _, key := range keys {
				delete(md, key)
			}
			e.fields[i].value = md
		}
	}
	return true
}

// withoutFields removes fields of the event.
func withoutFields(e *event, keys ...string) bool {
	e.fields = slices.DeleteFunc(e.fields, func(f field) bool { return slices.Contains(keys, f.key) })
	return true
}

// waits reports whether a call with that name has waited.
func waits(events []event, name string) bool {
	return slices.ContainsFunc(events, func(e event) bool {
		in, _ := e.field("in").(string)
		return e.name == "waits" && strings.Contains(in, name)
	})
}

// succeeded returns the number of calls of that name that returned no error.
func succeeded(events []event, name string) int {
	n := 0
	for _, e := range events {
		if f, ok := e.field("error").(failure); e.name == name && (!ok || f == failure{}) {
			n++
		}
	}
	return n
}
