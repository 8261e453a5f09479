package main

var rpcUnaryEdits = in("internal/rpc/unary.go",
	edit{
		does: "OnFinish comes before stats handlers see the end",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old: `	u.tellEnd(err)
	u.opts.onFinish(err)`,
		new: `	u.opts.onFinish(err)
	u.tellEnd(err)`,
	},
	edit{
		does: "a handler runs on after its caller has panicked",
		by:   "internal/conformance/connection TestPanicOfAStatsHandlerEndsTheRPC",
		old: `			u.stream.end(byClient, wire.ErrCanceled)
			if u.stream.claim() {`,
		new: `			if u.stream.claim() {`,
	},
	edit{
		does: "an RPC whose caller has panicked stays in flight",
		by:   ". TestShutdownDoesNotWaitForRPCsThatNeverReachedTheirHandler",
		old:  `				call.leave()`,
		new:  ``,
	},
	edit{
		does: "a handler receives a request that could not be sent",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `u.handler.requestLost = err != nil || u.mustEnd()`,
		new:  `u.handler.requestLost = u.mustEnd()`,
	},
	edit{
		does: "a handler learns that its request was lost before its context has ended",
		by:   "internal/conformance/motion TestHandlerContextHasEndedWhenARequestIsLost",
		old: `		h.stream.noticeEnd()
		_ = h.stream.whyEnded() // The`,
		new: `		// The`,
	},
	edit{
		does: "a handler receives the request of a caller that has canceled before",
		by:   "internal/conformance/motion TestUnaryRPCThatIsCanceledEarlyReachesNoHandler",
		old:  `u.handler.requestLost = err != nil || u.mustEnd()`,
		new:  `u.handler.requestLost = err != nil`,
	},
	edit{
		does: "a handler runs on after its request could not be sent",
		by:   "internal/conformance/connection TestContextOfAHandlerEndsWithoutARequest",
		old:  `		u.stream.end(byClient, err)`,
		new:  ``,
	},
	edit{
		does: "no handler sees an RPC whose request could not be sent",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old: `	size, err := u.copyRequest(&u.handler.request, req)
	if err != nil {`,
		new: `	size, err := u.copyRequest(&u.handler.request, req)
	if err != nil {
		return err
	}
	if err != nil {`,
	},
	edit{
		does: "a header that a server refuses reaches the handler",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `	if refused != nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "OutPayload comes before the handler is started",
		by:   "internal/conformance/scenarios TestUnknownMethodsFailAsOnANetwork",
		old: `	if refused != nil {
		call`,
		new: `	u.events.OutPayload(req, size)
	if refused != nil {
		call`,
	},
	edit{
		does: "a request beyond the limit is sent",
		by:   "internal/conformance/docs TestDifferences",
		old:  `return size, u.opts.checkSend(size)`,
		new:  `return size, nil`,
	},
	edit{
		does: "an RPC is not canceled when its ClientConn is closed",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `entry := u.client.clientConn.watch(u.ctx, u)`,
		new:  `entry := (*Entry)(nil)`,
	},
	edit{
		does: "a ClientConn keeps RPCs that have ended",
		by:   ". TestClientConnRetainsNoRPCThatHasEnded",
		old:  `	defer entry.Leave()`,
		new:  `	_ = entry`,
	},
	edit{
		does: "a caller waits beyond its context",
		by:   ". TestChannelsWorkInABubble",
		old:  `done := u.ctx.Done() // If`,
		new:  `done := (<-chan struct{})(nil) // If`,
	},
	edit{
		does: "a caller waits beyond its own context if stats handlers have detached it",
		old:  `	stopGiven := context.AfterFunc(u.given, u.stream.noticeEnd)`,
		new:  `	stopGiven := func() bool { return true }`,
	},
	edit{
		does: "a handler runs on beyond its caller's context while a client's stats handler blocks",
		by:   "internal/conformance/motion TestHandlerContextEndsWhileClientStatsHandlerBlocks",
		old:  `	stopTagged := context.AfterFunc(u.ctx, u.stream.noticeEnd)`,
		new:  `	stopTagged := func() bool { return true }`,
	},
	edit{
		does: "a caller whose context has ended does not end the RPC",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old: `			u.stream.noticeEnd()
			done`,
		new: `			done`,
	},
	edit{
		does: "events that arrive before the end are told at the end",
		by:   "internal/conformance/connection TestWaitingCallersSeeTheHeaderAtOnce",
		old:  `if u.events == nil && !u.stream.isOver() {`,
		new:  `if !u.stream.isOver() {`,
	},
	edit{
		does: "a second change blocks the handler",
		by:   "internal/conformance/docs TestDifferences",
		old: `	select {
	case u.changes <- struct{}{}:
	default:
	}`,
		new: `	u.changes <- struct{}{}`,
	},
	edit{
		does: "a lent response is not given back",
		by:   "internal/conformance/barechannel TestBareChannelIsNotAClientConn",
		old:  `		defer call.takeBack()`,
		new:  ``,
	},
	edit{
		does: "a response beyond the limit is received",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `if err := u.opts.checkReceived(size); err != nil {`,
		new:  `if err := u.opts.checkReceived(size); false {`,
	},
	edit{
		does: "the status of a response whose trailer cannot be read is lost",
		by:   "internal/conformance/connection TestUnreadableTrailerAfterAResponse",
		old:  `	return status // A response`,
		new:  `	return nil // A response`,
	},
	edit{
		does: "stats handlers see the handler's own error",
		by:   "internal/conformance/middleware TestMiddlewareIsEqualForInterceptors",
		old: `		err = wire.HandlerStatus(err)
		h.sendStatus(err)
		return err
	}
	return h.respond(resp)`,
		new: `		h.sendStatus(wire.HandlerStatus(err))
		return err
	}
	return h.respond(resp)`,
	},
	edit{
		does: "a handler may decode its request twice",
		by:   "internal/conformance/reliability TestHandwrittenHandlersAreServedAsOnANetwork",
		old:  `	h.isDecoded = true`,
		new:  ``,
	},
	edit{
		does: "a request that cannot be decoded does not end the RPC",
		by:   "internal/conformance/connection TestCallerDoesNotWaitForAHandlerWithoutItsRequest",
		old: `		h.sendStatus(err)
		h.stream.release()`,
		new: `		h.stream.release()`,
	},
	edit{
		does: "the caller of a request that cannot be decoded waits for the handler",
		by:   "internal/conformance/connection TestCallerDoesNotWaitForAHandlerWithoutItsRequest",
		old: `		h.sendStatus(err)
		h.stream.release()`,
		new: `		h.sendStatus(err)`,
	},
	edit{
		does: "a response is lent though stats handlers may change it",
		old:  `	if h.events != nil || h.isWatched {`,
		new:  `	if h.isWatched {`,
	},
	edit{
		does: "a response that cannot be encoded does not end the RPC",
		by:   "internal/conformance/scenarios TestResponsesAreReceivedAsOnANetwork",
		old: `	if err := h.copyResponse(&response, resp); err != nil {
		h.sendStatus(err)`,
		new: `	if err := h.copyResponse(&response, resp); err != nil {`,
	},
)
