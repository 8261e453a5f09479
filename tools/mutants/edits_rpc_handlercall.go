package main

var rpcHandlercallEdits = in("internal/rpc/handlercall.go",
	edit{
		does: "a handler's context ends with nothing",
		by:   ". TestChannelsWorkInABubble",
		old:  `	h.ctx, h.stream.cancelHandler = context.WithCancel(&h.values)`,
		new:  `	h.ctx, h.stream.cancelHandler = &h.values, func() {}`,
	},
	edit{
		does: "a handler has no deadline",
		by:   "internal/conformance/middleware TestMiddlewareBehavesAsOnANetwork",
		old:  `	v.deadline, _ = caller.ctx.Deadline()`,
		new:  ``,
	},
	edit{
		does: "a handler has no caller",
		by:   "internal/conformance/barechannel TestBareChannelReadsRequestAfterCall",
		old:  `	h.stream.caller.Store(caller)`,
		new:  ``,
	},
	edit{
		does: "the sizes that a caller asks for are not measured",
		by:   ". ExampleWithDefaultCallOptions",
		old:  `conn.server.stats != nil || caller.measuresResponses()`,
		new:  `conn.server.stats != nil`,
	},
	edit{
		does: "the sizes that the server's stats handlers ask for are not measured",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `conn.server.stats != nil || caller.measuresResponses()`,
		new:  `caller.measuresResponses()`,
	},
	edit{
		does: "a handler starts after Close has canceled it",
		by:   ". TestCloseKeepsAHandlerFromStarting",
		old: `	if h.stream.claim() {
		go`,
		new: `	if h.stream.claim(); true {
		go`,
	},
	edit{
		does: "Close waits for a handler that is never started",
		by:   ". TestCloseKeepsAHandlerFromStarting",
		old: `	if h.stream.claim() {
		h.leave()
	}`,
		new: ``,
	},
	edit{
		does: "Close does not end RPCs",
		by:   ". TestCloseCancelsRPCsInFlight",
		old:  `	h.stream.abandon(byConnection, err)`,
		new:  ``,
	},
	edit{
		does: "the caller's profiler labels reach the handler",
		by:   "internal/conformance/details TestHandlersHaveNoProfilerLabelsOfTheirCallers",
		old:  `	pprof.SetGoroutineLabels(context.Background())`,
		new:  `	_ = pprof.SetGoroutineLabels`,
	},
	edit{
		does: "a handler that ends its goroutine is not answered",
		by:   "internal/conformance/docs TestDifferences",
		old:  `		h.sendStatus(wire.ErrNoStatus)`,
		new:  ``,
	},
	edit{
		does: "stats handlers do not see the end of a handler that ends its goroutine",
		by:   "internal/conformance/connection TestServerSeesTheEndOfAHandlerThatCallsGoexit",
		old:  `		h.tellEnd(wire.ErrNoStatus)`,
		new:  ``,
	},
	edit{
		does: "a handler that ends its goroutine stays in flight",
		by:   "internal/conformance/docs TestDifferences",
		old:  `		defer h.leave() // Stats`,
		new:  `		// Stats`,
	},
	edit{
		does: "the caller of a handler that panics is answered",
		old: `	default:
		h.tellEnd(nil)`,
		new: `	default:
		h.tellEnd(nil)
		h.leave()`,
	},
	edit{
		does: "stats handlers do not see the end of a handler that panics",
		by:   "internal/conformance/motion TestServerEventsOfPanickingHandler",
		old: `	default:
		h.tellEnd(nil)`,
		new: `	default:`,
	},
	edit{
		does: "an RPC leaves before stats handlers have seen its end",
		by:   "internal/conformance/connection TestCallersReturnAfterTheServersEnd",
		old:  `	h.tellEnd(half.serve())`,
		new:  `	err := half.serve(); h.leave(); h.tellEnd(err)`,
	},
	edit{
		does: "a server's events have no transport stream",
		by:   "internal/conformance/scenarios TestUnknownMethodsFailAsOnANetwork",
		old:  `grpc.NewContextWithServerTransportStream(h.events.Context(), h)`,
		new:  `grpc.NewContextWithServerTransportStream(h.events.Context(), nil)`,
	},
	edit{
		does: "a handler that has returned keeps its caller",
		by:   "internal/conformance/details TestChainOfDetachedContextsKeepsNoPredecessor",
		old:  `	h.stream.caller.Store(nil)`,
		new:  ``,
	},
	edit{
		does: "an RPC leaves while its response is lent",
		by:   "internal/conformance/connection TestResponseIsInFlightUntilItIsCopied",
		old: `	if !h.hasLent {
		h.entry`,
		new: `	if true {
		h.entry`,
	},
	edit{
		does: "an RPC never leaves",
		by:   "internal/conformance/connection TestAddressesAreSetAsOnANetwork",
		old: `	if !h.hasLent {
		h.entry.Leave()
	}`,
		new: ``,
	},
	edit{
		does: "the caller waits though the RPC has left",
		by:   "internal/conformance/connection TestAddressesAreSetAsOnANetwork",
		old: `	h.stream.caller.Store(nil)
	h.stream.release()`,
		new: `	h.stream.caller.Store(nil)`,
	},
	edit{
		does: "the handler's context does not end after its response was copied",
		by:   "internal/conformance/connection TestResponseIsInFlightUntilItIsCopied",
		old: `	h.stream.cancelHandler()
	h.entry.Leave()`,
		new: `	h.entry.Leave()`,
	},
	edit{
		does: "an RPC whose response was lent never leaves",
		by:   "internal/conformance/barechannel TestBareChannelIsNotAClientConn",
		old: `	h.stream.cancelHandler()
	h.entry.Leave()`,
		new: `	h.stream.cancelHandler()`,
	},
	edit{
		does: "SendHeader reports that the client cannot read the header",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old: `		h.stream.loseHeader()
		return nil // A`,
		new: `		h.stream.loseHeader()
		return wire.ErrCanceled // A`,
	},
	edit{
		does: "the header of a direct RPC is not sent",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `	if err == nil && h.sendBelow != nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "a header that the client cannot read reaches inprocgrpc",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `	if err == nil && h.sendBelow != nil {`,
		new:  `	if h.sendBelow != nil {`,
	},
	edit{
		does: "a header after the end fails with Canceled whatever the handler's context says",
		by:   "internal/conformance/motion TestErrorsAfterTheEndComeFromTheTaggedContext",
		old:  `		return h.afterEnd(err)`,
		new:  `		return err`,
	},
	edit{
		does: "a message after the end fails with Canceled whatever the handler's context says",
		by:   "internal/conformance/motion TestErrorsAfterTheEndComeFromTheTaggedContext",
		old:  `return h.afterEnd(h.stream.whyEnded())`,
		new:  `return h.stream.whyEnded()`,
	},
	edit{
		does: "a context that stats handlers have detached makes an Internal error of the end",
		by:   "internal/conformance/motion TestErrorsAfterTheEndComeFromTheTaggedContext",
		old:  `err == wire.ErrCanceled && h.ctx.Err() != nil`,
		new:  `err == wire.ErrCanceled`,
	},
	edit{
		does: "a closed connection is told as the end of the handler's context",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `err == wire.ErrCanceled && h.ctx.Err() != nil`,
		new:  `err != nil && h.ctx.Err() != nil`,
	},
	edit{
		does: "a response after the end is told to stats handlers",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old: `	if err := h.whyEnded(); err != nil {
		return err
	}
	h.events`,
		new: `	h.events`,
	},
	edit{
		does: "a header that was only set is not told to stats handlers",
		by:   "internal/conformance/scenarios TestResponseMetadataIsReceivedAsOnANetwork",
		old:  `	if h.isObserved() && h.stream.hasUnsentHeader() {`,
		new:  `	if false {`,
	},
	edit{
		does: "a header that is empty is told to stats handlers before an error",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `	if h.isObserved() && h.stream.hasUnsentHeader() {`,
		new:  `	if h.isObserved() {`,
	},
	edit{
		does: "the handler's context ends while its response is lent",
		by:   "internal/conformance/connection TestResponseIsInFlightUntilItIsCopied",
		old:  `		h.hasLent = true`,
		new:  `		h.hasLent = true; h.stream.cancelHandler()`,
	},
	edit{
		does: "the handler's context does not end with its RPC",
		by:   "internal/conformance/scenarios TestHandlerContextEndsAsOnANetwork",
		old: `	default:
		h.stream.cancelHandler()`,
		new: `	default:`,
	},
	edit{
		does: "the trailer that stats handlers see is the handler's",
		by:   "internal/conformance/docs TestChainIsTheSameInProcess",
		old:  `		trailer = trailer.Copy()`,
		new:  ``,
	},
	edit{
		does: "details that a handler has set by itself are told beside those of its status",
		by:   "internal/conformance/scenarios TestResponseMetadataIsReceivedAsOnANetwork",
		old:  `		if wire.HasDetails(st) {`,
		new:  `		if false {`,
	},
	edit{
		does: "the key connection is answered with a status",
		by:   "internal/conformance/details TestMetadataOfTagRPCThatCannotBeSent",
		old: `		c.stream.end(byNetwork, c.err)
		return nil`,
		new: `		c.sendStatus(c.err)
		return nil`,
	},
	edit{
		does: "stats handlers tag no unknown method",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `	case c.isTagged:`,
		new:  `	case false:`,
	},
	edit{
		does: "stats handlers do not see a malformed method",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `	case c.isParsed:`,
		new:  `	case false:`,
	},
)
