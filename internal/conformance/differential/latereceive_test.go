package differential_test

import (
	"fmt"
	"slices"
	"testing"
)

// laterEvents are what may happen to the client after the server's response has arrived.
var laterEvents = []struct {
	name    string
	context int
	steps   []step
	sends   bool
	err     string // the error that OnFinish and stats handlers get
}{
	{
		name:  "cancel",
		steps: []step{{opCancel, 0}},
		err:   canceled,
	},
	{
		name:    "deadline",
		context: contextNamed("with a deadline in 1 s"),
		steps:   []step{{opSleep, 0}, {opSleep, 0}},
		err:     deadlinePassed,
	},
	{
		name:  "ClientConn.Close",
		steps: []step{{opCloseConnection, 0}},
		err:   connClosing,
	},
	{
		name:  "SendMsg of a message that cannot be encoded",
		steps: []step{{opClientSend, unencodableMessage}},
		sends: true,
		err:   notEncodable,
	},
	{
		name:  "SendMsg after CloseSend",
		steps: []step{{opCloseSend, 0}, {opClientSend, smallMessage}},
		sends: true,
		err:   sendAfterClose,
	},
}

// handlerResponses are what handlers send and return, after a header and a trailer.
var handlerResponses = []struct {
	name     string
	method   int
	steps    []step
	received []string // what RecvMsg of the client returns, in order
}{
	{
		name:     "bidi stream, OK",
		method:   bidiMethod,
		steps:    []step{{opHandlerSend, smallMessage}, {opHandlerSend, smallMessage}, {opReturnError, 0}},
		received: []string{received(1), received(2), "RecvMsg " + endOfStream},
	},
	{
		name:     "bidi stream, failed",
		method:   bidiMethod,
		steps:    []step{{opHandlerSend, smallMessage}, {opHandlerSend, smallMessage}, {opReturnError, errorNamed("a status")}},
		received: []string{received(1), received(2), "RecvMsg " + statusOfHandler},
	},
	{
		name:   "server stream, OK",
		method: serverStreamMethod,
		steps: []step{
			{opClientSend, smallMessage}, {opHandlerReceive, 0},
			{opHandlerSend, smallMessage}, {opHandlerSend, smallMessage}, {opReturnError, 0},
		},
		received: []string{received(2), received(3), "RecvMsg " + endOfStream},
	},
	{
		name:   "server stream, failed",
		method: serverStreamMethod,
		steps: []step{
			{opClientSend, smallMessage}, {opHandlerReceive, 0},
			{opHandlerSend, smallMessage}, {opReturnError, errorNamed("a status")},
		},
		received: []string{received(2), "RecvMsg " + statusOfHandler},
	},
	{
		name:     "client stream, OK",
		method:   clientStreamMethod,
		steps:    []step{{opHandlerSend, smallMessage}, {opReturnError, 0}},
		received: []string{received(1)},
	},
	{
		name:     "client stream, failed",
		method:   clientStreamMethod,
		steps:    []step{{opHandlerSend, smallMessage}, {opReturnError, errorNamed("a status")}},
		received: []string{"RecvMsg " + statusOfHandler},
	},
}

// A client receives the response that has arrived, even if it cancels, its deadline passes or
// it makes an error before it calls RecvMsg. Only OnFinish and stats handlers get the error of
// that later event.
func TestClientReceivesResponseThatHasArrivedWhateverHappensLater(t *testing.T) {
	var rules []rule
	for _, response := range handlerResponses {
		for _, later := range laterEvents {
			if response.method == serverStreamMethod && later.sends {
				continue // The client has already sent the only message of the RPC.
			}
			rules = append(rules, rule{
				name: response.name + "/" + later.name,
				program: program{
					method:  response.method,
					context: later.context,
					options: allResults(),
					steps: slices.Concat(
						opened, response.steps, later.steps,
						slices.Repeat([]step{{opClientReceive, 0}}, len(response.received)),
						[]step{{opClientHeader, 0}, {opClientTrailer, 0}},
					),
				},
				sees: map[string][]string{
					"client's receiver": append(slices.Clone(response.received), "Header "+hasHeader, "Trailer "+hasTrailer),
					"OnFinish":          {fmt.Sprintf("called %s %s %s", later.err, hasHeader, hasTrailer)},
					"call options":      {"set " + hasHeader + " " + hasTrailer},
				},
			})
		}
	}
	check(t, rules)
}

// opened opens a stream whose handler sets a header and a trailer.
var opened = []step{{opOpen, 0}, {opSetHeader, metadataNamed("one value")}, {opSetTrailer, metadataNamed("one value")}}

// The deadline passes after the handler has returned and before the client has received all
// messages.
func TestSlowClientOfFinishedStreamReceivesAllMessages(t *testing.T) {
	check(t, []rule{{
		name: "server stream",
		program: program{
			method:  serverStreamMethod,
			context: contextNamed("with a deadline in 1 s"),
			steps: []step{
				{opOpen, 0}, {opClientSend, smallMessage}, {opHandlerReceive, 0},
				{opHandlerSend, smallMessage}, {opHandlerSend, smallMessage}, {opHandlerSend, smallMessage}, {opReturnError, 0},
				{opClientReceive, 0}, {opSleep, 0}, {opClientReceive, 0}, {opSleep, 0}, {opClientReceive, 0},
				{opSleep, 0}, {opClientReceive, 0},
			},
		},
		sees: map[string][]string{
			"client's receiver":           {received(2), received(3), received(4), "RecvMsg " + endOfStream},
			"the client stream's context": {"ended error=context.DeadlineExceeded"},
		},
	}})
}

// RecvMsg, Header, Trailer and call options all report the same end of the stream, whether the
// client cancels before or after the handler responds. Only OnFinish and stats.End always have
// the error of the cancellation.
func TestAllClientMethodsReportTheSameEndOfTheStream(t *testing.T) {
	cancel := []step{{opCancel, 0}}
	respond := []step{{opHandlerSend, smallMessage}, {opReturnError, 0}}
	receive := []step{
		{opClientHeader, 0}, {opClientReceive, 0}, {opClientReceive, 0}, {opClientReceive, 0}, {opClientTrailer, 0}, {opClientHeader, 0},
	}
	stream := func(name string, steps []step, sees map[string][]string) rule {
		return rule{name, program{options: allResults(), clientStats: []int{statsRecord}, steps: slices.Concat(opened, steps, receive)}, sees}
	}
	check(t, []rule{
		stream("response first", slices.Concat(respond, cancel), map[string][]string{
			"client's receiver": {
				"Header " + hasHeader, received(1), "RecvMsg " + endOfStream, "RecvMsg " + endOfStream, "Trailer " + hasTrailer, "Header " + hasHeader,
			},
			"OnFinish":               {"called " + canceled + " " + hasHeader + " " + hasTrailer},
			"call options":           {"set " + hasHeader + " " + hasTrailer},
			"client stats handler 1": {"TagRPC", "Begin", "OutHeader", "InHeader", "InTrailer", "End " + canceled + " " + hasTrailer, "InPayload"},
		}),
		stream("cancel first", slices.Concat(cancel, respond), map[string][]string{
			"client's receiver": {
				"Header " + noHeader, "RecvMsg " + canceled, "RecvMsg " + canceled, "RecvMsg " + canceled, "Trailer " + noTrailer, "Header " + noHeader,
			},
			"OnFinish":               {"called " + canceled + " " + noHeader + " " + noTrailer},
			"call options":           {"set " + noHeader + " " + noTrailer},
			"client stats handler 1": {"TagRPC", "Begin", "OutHeader", "End " + canceled + " " + noTrailer},
		}),
		stream("cancel between header and response", slices.Concat([]step{{opSendHeader, 0}}, cancel, respond), map[string][]string{
			"client's receiver": {
				"Header " + hasHeader, "RecvMsg " + canceled, "RecvMsg " + canceled, "RecvMsg " + canceled, "Trailer " + noTrailer, "Header " + hasHeader,
			},
			"OnFinish":               {"called " + canceled + " " + hasHeader + " " + noTrailer},
			"call options":           {"set " + hasHeader + " " + noTrailer},
			"client stats handler 1": {"TagRPC", "Begin", "OutHeader", "InHeader", "End " + canceled + " " + noTrailer},
		}),
		{
			name: "cancel first, unary",
			program: program{
				method: unaryMethod, options: allResults(), clientStats: []int{statsRecord},
				steps: slices.Concat([]step{{opInvoke, smallMessage}}, opened[1:], cancel, []step{{opReturnMessage, smallMessage}}),
			},
			sees: map[string][]string{
				"client":                 {"waits", "Invoke " + canceled},
				"OnFinish":               {"called " + canceled + " " + noHeader + " " + noTrailer},
				"call options":           {"set " + noHeader + " " + noTrailer},
				"client stats handler 1": {"TagRPC", "Begin", "OutHeader", "OutPayload", "End " + canceled + " " + noTrailer},
			},
		},
	})
}
