package differential_test

import (
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

var normalizations = []normalization{
	{
		name:    "http2-headers",
		row:     "`http2_headers`",
		example: program{steps: []step{{opOpen, 0}}},
		edit:    func(_ program, e *event) bool { return withoutKeys(e, ":authority", "content-type", "user-agent") },
	},
	{
		name:    "stats-addresses",
		row:     "`stats_addresses`",
		example: program{serverStats: []int{statsRecord}, steps: []step{{opOpen, 0}}},
		edit:    func(_ program, e *event) bool { return withoutFields(e, "remote", "local", "authority") },
	},
	{
		name:    "peer",
		row:     "`peer`",
		example: program{steps: []step{{opOpen, 0}}},
		edit:    func(_ program, e *event) bool { return withoutFields(e, "peer") },
	},
	{
		name:    "wire-length",
		row:     "`wire_length`",
		example: program{serverStats: []int{statsRecord}, steps: []step{{opOpen, 0}}},
		edit:    func(_ program, e *event) bool { return withoutFields(e, "wire") },
	},
	{
		name:    "connection-events",
		row:     "`connection_events`",
		example: program{serverStats: []int{statsRecord}},
		edit:    func(_ program, e *event) bool { return !strings.HasSuffix(e.observer, ", connection") },
	},
	{
		name:    "unknown-method",
		row:     "`unknown_method`",
		example: program{method: unknownStreamMethod, serverStats: []int{statsRecord}, steps: []step{{opOpen, 0}}},
		edit: func(p program, e *event) bool {
			known := !methods[p.method].unknown && !slices.Contains(p.clientInterceptors, redirect)
			return known || !strings.HasPrefix(e.observer, "server stats handler")
		},
	},
	{
		name:    "capital-keys",
		row:     "`capital_keys`",
		example: program{outgoing: metadataNamed("a capital key"), steps: []step{{opOpen, 0}}},
		skip:    func(p program, _ outcome) bool { return p.outgoing == metadataNamed("a capital key") },
	},
	{
		name: "call-authority",
		row:  "`grpc.CallAuthority` sets `:authority`",
		example: program{
			options: []int{callOptionNamed("CallAuthority"), callOptionNamed("PerRPCCredentials")},
			steps:   []step{{opOpen, 0}},
		},
		skip: func(p program, _ outcome) bool { return p.hasOption("CallAuthority") },
	},
	{
		name: "wait-for-ready",
		row:  "`grpc.WaitForReady` waits for a connection",
		example: program{
			method:  unaryMethod,
			options: []int{callOptionNamed("WaitForReady")},
			steps:   []step{{opShutdown, 0}, {opInvoke, 0}},
		},
		skip: func(p program, _ outcome) bool { return p.hasOption("WaitForReady") && p.has(opShutdown) },
	},
	{
		// The text of a network says that a connection could not be dialled.
		name:    "unavailable-text",
		row:     "nothing is dialled",
		example: program{method: unaryMethod, steps: []step{{opShutdown, 0}, {opInvoke, 0}}},
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
		row:  "`flow_control`",
		example: program{steps: slices.Concat(
			[]step{{opOpen, 0}},
			slices.Repeat([]step{{opClientSend, largeMessage}}, 27),
			[]step{{opHandlerReceive, 0}, {opClientSend, largeMessage}},
		)},
		skip: func(_ program, network outcome) bool {
			return waits(network["client"], "SendMsg") || waits(network["handler"], "SendMsg")
		},
	},
	{
		name: "request-that-never-arrives",
		row:  "a unary request that the client cannot encode",
		example: program{
			method:      unaryMethod,
			serverStats: []int{statsRecord},
			steps:       []step{{opInvoke, unencodableMessage}},
		},
		skip: func(p program, network outcome) bool {
			return methods[p.method].unary && len(p.serverStats) > 0 && slices.ContainsFunc(network["client"], func(e event) bool {
				f, _ := e.field("error").(failure)
				return strings.Contains(f.message, "error while marshaling") || strings.Contains(f.message, "trying to send message larger than max")
			})
		},
	},
	{
		name: "own-context-error",
		row:  "a context that ends with an error of its own",
		example: program{
			method:  unaryMethod,
			context: contextNamed("that ends with an error of its own"),
			steps:   []step{{opCancel, 0}, {opInvoke, 0}},
		},
		edit: func(p program, e *event) bool {
			for i, f := range e.fields {
				if err, ok := f.value.(failure); ok && strings.HasSuffix(err.message, errOver.Error()) {
					e.fields[i].value = failure{kind: "over"}
				}
			}
			return true
		},
	},
	{
		name: "client-stream-answered-twice",
		row:  "a client stream that its handler answers twice stays open, without an `End`",
		example: program{
			method:      clientStreamMethod,
			clientStats: []int{statsRecord},
			steps: []step{
				{opOpen, 0}, {opHandlerSend, 0}, {opHandlerSend, 0}, {opClientReceive, 0}, {opReturnError, 0}, {opCancel, 0},
			},
		},
		skip: func(p program, network outcome) bool {
			return p.method == clientStreamMethod && succeeded(network["handler"], "SendMsg") > 1
		},
	},
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

func contextNamed(name string) int { return slices.Index(contextNames, name) }

func metadataNamed(name string) int {
	return slices.IndexFunc(metadatas, func(m namedMetadata) bool { return m.name == name })
}

func callOptionNamed(name string) int {
	return slices.IndexFunc(callOptions, func(o namedCallOption) bool { return o.name == name })
}
