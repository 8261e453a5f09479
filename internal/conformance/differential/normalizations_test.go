package differential_test

import (
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
)

var normalizations = []normalization{
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
		name:    "header-wire-length",
		row:     "Stats events of headers and trailers have a `WireLength`.",
		example: program{serverStats: []int{statsRecord}, steps: []step{{opOpen, 0}}},
		edit: func(_ program, e *event) bool {
			return e.name == "InPayload" || e.name == "OutPayload" || withoutFields(e, "wire")
		},
	},
	{
		name:    "connection-events",
		row:     "A connection begins when it is made",
		example: program{serverStats: []int{statsRecord}},
		whole:   connectionsBeginWithTheFirstRPC,
	},
	{
		// The client's stats handlers are told of them when the caller looks.
		name: "client-arrivals",
		row:  "A client's stats handlers see `InHeader` and `InTrailer` when they arrive",
		example: program{
			clientStats: []int{statsRecord},
			steps:       []step{{opOpen, 0}, {opSendHeader, 0}, {opSleep, 0}, {opReturnError, 0}},
		},
		whole: arrivalsComeWithTheNextEvent,
	},
	{
		name:    "negative-zero",
		row:     "`negative_zero`",
		example: program{method: unaryMethod, messages: negativeZero, steps: []step{{opInvoke, smallMessage}}},
		skip:    func(p program, _ outcome) bool { return p.messages == negativeZero },
	},
	{
		name:    "capital-keys",
		row:     "`capital_keys`",
		example: program{outgoing: metadataNamed("a capital key"), steps: []step{{opOpen, 0}}},
		skip:    func(p program, _ outcome) bool { return p.outgoing == metadataNamed("a capital key") },
	},
	{
		name: "wait-for-ready",
		row:  "`grpc.WaitForReady` waits for a connection",
		example: program{
			method:  unaryMethod,
			options: []int{callOptionNamed("WaitForReady")},
			steps:   []step{{opShutdown, 0}, {opInvoke, 0}},
		},
		// It is never run. With a context that ends with its own error, grpc-go's picker
		// waits in a busy loop, which never ends in fake time.
		never: func(p program) bool { return p.hasOption("WaitForReady") && p.has(opShutdown) },
	},
	{
		// On a network, the text says that dialing failed.
		name:    "unavailable-text",
		row:     "A Channel is ready until `Shutdown`, and never again after it.",
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
		// The flow-control window of a new connection is 64 KiB. Messages beyond it arrive
		// only when the receiver has received earlier ones.
		skip: func(p program, network outcome) bool {
			return sentBytes(network, "client") > 60<<10 || sentBytes(network, "handler") > 60<<10 ||
				returnsHuge(p) && failedAtClient(network) // The client does not receive the response.
		},
	},
	{
		name: "own-context-error",
		row:  "A context that ends with an error of its own",
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
		name: "closed-connection",
		row:  "If a client cancels the last RPC after `GracefulStop`",
		example: program{steps: []step{
			{opOpen, 0}, {opShutdown, 0}, {opCancel, 0}, {opSendHeader, 0},
		}},
		edit: func(p program, e *event) bool {
			atHandler := strings.HasPrefix(e.observer, "handler") || strings.HasPrefix(e.observer, "server")
			for i, f := range e.fields {
				if err, ok := f.value.(failure); ok && atHandler && p.has(opShutdown) && err.isLossOfClient() {
					e.fields[i].value = failure{kind: "the client has canceled or is not connected"}
				}
			}
			return true
		},
		whole: withoutMetadataCallsAfterTheEnd,
	},
	{
		name: "closed-twice",
		row:  "A `ClientConn` that is closed while `GracefulStop` waits ends its RPCs with `Unavailable`.",
		example: program{
			method: unaryMethod,
			steps:  []step{{opInvoke, smallMessage}, {opShutdown, 0}, {opCloseConnection, 0}},
		},
		skip: func(p program, _ outcome) bool { return p.has(opShutdown) && p.has(opCloseConnection) },
	},
	{
		name: "connection-error",
		row:  "a stream's own `SendHeader` returns an error of grpc-go's internal transport",
		example: program{steps: []step{
			{opOpen, 0}, {opCancel, 0}, {opCloseConnection, 0}, {opStreamSendHeader, 0},
		}},
		edit: func(_ program, e *event) bool {
			err, _ := e.field("error").(failure)
			isClosing := strings.HasSuffix(strings.TrimSuffix(err.message, "\""), "transport is closing")
			return e.name != "stream.SendHeader" || !isClosing
		},
	},
	{
		name: "message-too-large",
		row:  "After a message that is larger than `grpc.MaxCallRecvMsgSize`",
		example: program{
			options: []int{callOptionNamed("MaxCallRecvMsgSize(100)")},
			steps:   []step{{opOpen, 0}, {opHandlerSend, largeMessage}, {opClientReceive, 0}, {opClientReceive, 0}},
		},
		skip: func(_ program, network outcome) bool {
			for _, events := range network {
				i := slices.IndexFunc(events, func(e event) bool {
					f, _ := e.field("error").(failure)
					return strings.Contains(f.message, "received message larger than max")
				})
				if i >= 0 && slices.ContainsFunc(events[i+1:], func(e event) bool { return e.name == "RecvMsg" }) {
					return true
				}
			}
			return false
		},
	},
	{
		name: "client-stream-with-two-responses",
		row:  "A client-streaming method whose handler sends two responses",
		example: program{
			method:      clientStreamMethod,
			clientStats: []int{statsRecord},
			steps: []step{
				{opOpen, 0}, {opHandlerSend, 0}, {opHandlerSend, 0}, {opClientReceive, 0}, {opReturnError, 0}, {opCancel, 0},
			},
		},
		skip: func(p program, network outcome) bool {
			return p.method == clientStreamMethod && responses(network) > 1
		},
	},
}

// isLossOfClient reports whether the failure says that the client has canceled the RPC or
// that its connection is closed.
func (f failure) isLossOfClient() bool {
	return f.code == codes.Canceled || f.code == codes.DeadlineExceeded || f.code == codes.Unavailable ||
		f.kind == "transport.ConnectionError"
}

// connectionsBeginWithTheFirstRPC removes the events of connections that a network has before
// there is an RPC, and when one side of the connection is closed.
func connectionsBeginWithTheFirstRPC(p program, o outcome) {
	for observer, events := range o {
		handler, ok := strings.CutSuffix(observer, ", connection")
		if !ok {
			continue
		}
		if len(o[handler]) == 0 || p.has(opCloseConnection) || p.has(opShutdown) {
			delete(o, observer)
			continue
		}
		for i, e := range events {
			if e.name != "*stats.ConnEnd" {
				events[i].step = 0
			}
		}
	}
}

// arrivalsComeWithTheNextEvent moves the InHeader and InTrailer of clients to the step of the
// next other event of the same stats handler.
func arrivalsComeWithTheNextEvent(_ program, o outcome) {
	for observer, events := range o {
		if !strings.HasPrefix(observer, "client stats handler") {
			continue
		}
		next := -1
		for i := len(events) - 1; i >= 0; i-- {
			e := &events[i]
			if e.name != "InHeader" && e.name != "InTrailer" {
				next = e.step
				continue
			}
			withoutFields(e, "context error")
			if next >= 0 {
				e.step = next
			}
		}
	}
}

// withoutFields removes fields of the event.
func withoutFields(e *event, keys ...string) bool {
	e.fields = slices.DeleteFunc(e.fields, func(f field) bool { return slices.Contains(keys, f.key) })
	return true
}

// returnsHuge reports whether the handler of a unary RPC returns a message that is larger
// than the first window of a stream.
func returnsHuge(p program) bool {
	return slices.Contains(p.steps, step{opReturnMessage, hugeMessage}) || slices.Contains(p.steps, step{opReturnBoth, hugeMessage})
}

// failedAtClient reports whether an observer on the client has an error.
func failedAtClient(o outcome) bool {
	for observer, events := range o {
		hasError := func(e event) bool {
			f, _ := e.field("error").(failure)
			return f != failure{}
		}
		if strings.HasPrefix(observer, "client") && slices.ContainsFunc(events, hasError) {
			return true
		}
	}
	return false
}

// withoutMetadataCallsAfterTheEnd removes the results of calls that set metadata on the
// handler's side after its connection has been closed.
func withoutMetadataCallsAfterTheEnd(p program, o outcome) {
	if !p.has(opShutdown) {
		return
	}
	for observer, events := range o {
		ended := o[observer+"'s context"]
		if strings.HasPrefix(observer, "server interceptor") {
			ended = o["handler's context"]
		}
		o[observer] = slices.DeleteFunc(events, func(e event) bool {
			setsMetadata := strings.HasSuffix(e.name, "Header") || strings.HasSuffix(e.name, "Trailer")
			return setsMetadata && len(ended) > 0 && e.step > ended[0].step
		})
	}
}

// sentBytes returns the number of bytes that one side has sent or tried to send.
func sentBytes(o outcome, sender string) int {
	n := 0
	for observer, events := range o {
		for _, e := range events {
			if length, ok := e.field("length").(int); ok && e.name == "SendMsg" && strings.HasPrefix(observer, sender) {
				n += length
			}
		}
	}
	return n
}

// responses returns the number of messages that all calls of the handler have sent.
func responses(o outcome) int {
	n := 0
	for observer, events := range o {
		for _, e := range events {
			if e.name == "SendMsg" && strings.HasPrefix(observer, "handler") && e.field("error") == (failure{}) {
				n++
			}
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

func errorNamed(name string) int {
	return slices.IndexFunc(handlerErrors, func(e namedError) bool { return e.name == name })
}

func messageTypeNamed(name string) int { return slices.Index(messageNames(), name) }
