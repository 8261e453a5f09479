package main

var rpcReceivedEdits = in("internal/rpc/received.go",
	edit{
		does: "a header that is lost is received",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `	if !t.headerSent || t.headerLost {`,
		new:  `	if !t.headerSent {`,
	},
	edit{
		does: "a header that was not sent is received",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `	if !t.headerSent || t.headerLost {`,
		new:  `	if t.headerLost {`,
	},
	edit{
		does: "a trailer that was not received has values",
		by:   "internal/conformance/details TestTrailerAfterHeaderThatCannotBeReadIsAnEvent",
		old: `	if !t.trailerArrived || t.headerLost {
		return metadata.MD{}
	}`,
		new: ``,
	},
	edit{
		does: "a trailer after a header that is lost is received",
		by:   "internal/conformance/details TestTrailerAfterHeaderThatCannotBeReadIsAnEvent",
		old:  `	if !t.trailerArrived || t.headerLost {`,
		new:  `	if !t.trailerArrived {`,
	},
	edit{
		does: "a trailer without a header is the handler's",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old:  `return wire.ResponseHeader(t.arrived, t.format.contentType)`,
		new:  `return t.arrived`,
	},
	edit{
		does: "all who ask for the trailer share it",
		by:   "internal/conformance/codecs TestDynamicMessagesAreSentAsOnANetwork",
		old:  `return t.arrived.Copy()`,
		new:  `return t.arrived`,
	},
	edit{
		does: "receiving the header is not guarded",
		by:   "internal/conformance/connection TestHeaderThatWasNotSentDoesNotArriveAfterCancel",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.headerSent || t.headerLost {`,
		new: `	if !t.headerSent || t.headerLost {`,
	},
	edit{
		does: "looking is not guarded",
		by:   "internal/conformance/connection TestConnectionBeginsOnceForCallersThatComeMeanwhile",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	return t.arrivalLocked()`,
		new: `	return t.arrivalLocked()`,
	},
	edit{
		does: "stats handlers see a header that is lost",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `		header:  t.headerSent && !t.headerLost,`,
		new:  `		header:  t.headerSent,`,
	},
	edit{
		does: "a response after a header that is lost arrives",
		by:   "internal/conformance/differential TestInvalidMetadataOfTheHandlerFailsTheRPC",
		old:  `t.hasResponse && !t.headerLost, t.status`,
		new:  `t.hasResponse, t.status`,
	},
	edit{
		does: "a response is retained after it was received",
		by:   "internal/conformance/reliability TestRetainedContextRetainsNoMessages",
		old:  `	t.response = message.Copy{}`,
		new:  ``,
	},
	edit{
		does: "a unary RPC without a response succeeds",
		old:  `		status = wire.ErrNoResponse`,
		new:  ``,
	},
)
