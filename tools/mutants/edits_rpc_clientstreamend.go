package main

var rpcClientstreamendEdits = in("internal/rpc/clientstreamend.go",
	edit{
		does: "the goroutine that watches the context tells the end while the caller is in a method",
		by:   "internal/conformance/motion TestCanceledCallerRunsItsOwnSide",
		old: `	if s.calls.Load() > 0 {
		return
	}`,
		new: ``,
	},
	edit{
		does: "an RPC that the caller's context has ended is not finished",
		by:   "internal/conformance/connection TestEndDuringAMethodIsAsOnANetwork",
		old: `	s.calls.Add(-1)
	s.finishIfIdle()`,
		new: `	s.calls.Add(-1)`,
	},
	edit{
		does: "an RPC that noticeEnd has ended is not finished",
		by:   "internal/conformance/connection TestMethodFinishesAStreamAfterItsDeadline",
		old:  `	if err == nil && s.stream.ended == byClient {`,
		new:  `	if false {`,
	},
	edit{
		does: "settling is not guarded",
		by:   "internal/conformance/connection TestNoMessageArrivesAfterTheDeadline",
		race: true,
		old: `	s.stream.mu.Lock()
	err := s.abandonedWith
	if err == nil && s.stream.ended == byClient {
		err = s.stream.status
	}
	s.stream.mu.Unlock()`,
		new: `	err := s.abandonedWith
	if err == nil && s.stream.ended == byClient {
		err = s.stream.status
	}`,
	},
	edit{
		does: "the caller's own context is not watched if stats handlers have detached it",
		by:   "internal/conformance/motion TestContextFromTagRPCEndsRPCAsOnANetwork",
		old:  `	if s.given != nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "the context of a stream is watched after the end",
		by:   "internal/conformance/connection TestContextOfTagRPCIsNotWatchedAfterTheEnd",
		old:  `		s.stopTagged()`,
		new:  ``,
	},
	edit{
		does: "the caller's own context is watched after the end",
		old:  `		s.stopGiven()`,
		new:  ``,
		same: "The stream ends this context as well, and an RPC that has ended does not end again.",
	},
	edit{
		does: "a ClientConn keeps streams that have ended",
		by:   ". TestClientConnRetainsNoRPCThatHasEnded",
		old:  `	s.clientConnEntry.Leave()`,
		new:  ``,
	},
	edit{
		does: "closing a ClientConn waits for callers",
		by:   "internal/conformance/connection TestCloseOfAClientConnDoesNotWaitForStatsHandlers",
		old:  `{ go s.abandon(err) }`,
		new:  `{ s.abandon(err) }`,
	},
	edit{
		does: "the last reason to abandon a stream counts",
		by:   "internal/conformance/connection TestEndDuringAMethodIsAsOnANetwork",
		old:  `	if s.abandonedWith == nil {`,
		new:  `	if true {`,
	},
	edit{
		does: "closing a ClientConn ends a stream as its context does",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `		return byConnection`,
		new:  `		return byClient`,
	},
	edit{
		does: "a stream is watched after the end",
		by:   ". TestClientConnRetainsNoRPCThatHasEnded",
		old: `	s.stopWatching()
	s.stream.end`,
		new: `	s.stream.end`,
	},
	edit{
		does: "an error of the caller does not end the RPC",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old: `	s.stream.end(s.endedBy(err), err)
	s.answerUnserved()`,
		new: `	s.answerUnserved()`,
	},
	edit{
		does: "an RPC that no handler serves is in flight while OnFinish is called",
		by:   "internal/conformance/motion TestClientMayStopServer",
		old:  `	s.answerUnserved() // OnFinish`,
		new:  `	// OnFinish`,
	},
	edit{
		does: "OnFinish comes before stats handlers see the end",
		by:   "internal/conformance/connection TestOnFinishTheEndAndTheContextOfAStreamHaveTheirOrder",
		old: `	s.tellFinish(reported)
	s.opts.onFinish(reported)`,
		new: `	s.opts.onFinish(reported)
	s.tellFinish(reported)`,
	},
	edit{
		does: "the context of a stream has ended when OnFinish is called",
		by:   "internal/conformance/connection TestOnFinishTheEndAndTheContextOfAStreamHaveTheirOrder",
		old: `	s.opts.onFinish(reported)
	s.cancelContext()`,
		new: `	s.cancelContext()
	s.opts.onFinish(reported)`,
	},
	edit{
		does: "the context of a stream does not end",
		by:   "internal/conformance/connection TestOnFinishTheEndAndTheContextOfAStreamHaveTheirOrder",
		old: `	s.opts.onFinish(reported)
	s.cancelContext()`,
		new: `	s.opts.onFinish(reported)`,
	},
	edit{
		does: "nobody is told that stats handlers have seen the end",
		by:   "internal/conformance/connection TestMethodsWaitUntilTheEndIsTold",
		old: `		s.hasFinished = true
		s.told.Broadcast()`,
		new: `		s.hasFinished = true`,
	},
	edit{
		does: "what has arrived at the end is not told",
		by:   "internal/conformance/differential TestAllClientMethodsReportTheSameEndOfTheStream",
		old: `	s.look()
	s.tellEnd(err)`,
		new: `	s.tellEnd(err)`,
	},
	edit{
		does: "a second call does not wait until the first one has told the end",
		by:   "internal/conformance/connection TestMethodsWaitUntilTheEndIsTold",
		old:  `for !isFirst && !s.hasFinished {`,
		new:  `for false {`,
	},
	edit{
		does: "a stream ends twice for its caller",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `	s.isFinishing = true`,
		new:  ``,
	},
	edit{
		does: "nobody is told that events have been told",
		by:   "internal/conformance/connection TestEventsOfAStreamHaveTheirOrder",
		old: `		s.isTelling = false
		s.told.Broadcast()`,
		new: `		s.isTelling = false`,
	},
	edit{
		does: "a call does not wait until another one has told events",
		by:   "internal/conformance/connection TestEventsOfAStreamHaveTheirOrder",
		old: `	for s.isTelling {
		if !waits {
			return arrival{}
		}
		s.told.Wait()
	}`,
		new: ``,
	},
	edit{
		does: "a response is received while another call tells events",
		by:   "internal/rpc TestReceiverLooksAgainWhileEventsAreTold",
		old:  `return s.isTelling || untold.header`,
		new:  `return untold.header`,
	},
	edit{
		does: "the trailer is told after the last response is received",
		by:   "internal/conformance/connection TestEventsOfAStreamHaveTheirOrder",
		old: `untold.header || untold.trailer
}`,
		new: `untold.header
}`,
	},
)
