package main

var rpcClockEdits = in("internal/rpc/clock.go",
	edit{
		does: "a deadline that has passed is not noticed before its timer",
		by:   "internal/conformance/connection TestEachMethodOfAStreamNoticesTheDeadline",
		old:  `return c.hasDeadline && !time.Now().Before(c.deadline)`,
		new:  `return false`,
	},
	edit{
		does: "an RPC goes on after its ClientConn was closed",
		by:   "internal/rpc TestRPCNoticesThatItsClientConnIsClosed",
		old: `	if t.clientConn.IsClosed() {
		t.abandon`,
		new: `	if false {
		t.abandon`,
	},
	edit{
		does: "an RPC goes on after its caller's context has ended",
		by:   "internal/conformance/connection TestEachMethodOfAStreamNoticesTheDeadline",
		old: `	if err := caller.contextStatus(); err != nil {
		t.abandon(byClient, err)`,
		new: `	if err := caller.contextStatus(); false {
		t.abandon(byClient, err)`,
	},
	edit{
		does: "a caller leaves while its context is asked",
		by:   "internal/conformance/connection TestCallersReturnAfterTheServersEnd",
		old:  `	t.asking++`,
		new:  ``,
	},
	edit{
		does: "a Channel that is shut down asks contexts of callers that have left",
		by:   "internal/conformance/motion TestContextsOfCallersThatHaveLeftAreNotAsked",
		old: `		if !t.ask() {
			return nil
		}
		defer t.doneAsking()`,
		new: ``,
	},
	edit{
		does: "the caller's own context does not lead to its handler",
		by:   "internal/conformance/motion TestRPCsOfHandlersAreServedWhateverTheirContexts",
		old:  `handlerOf(cmp.Or(caller.given, caller.ctx))`,
		new:  `handlerOf(caller.ctx)`,
	},
	edit{
		does: "a handler receives a request that its ClientConn has not sent",
		by:   "internal/conformance/motion TestUnaryRPCWhoseClientIsClosedEarlyReachesNoHandler",
		old:  `c.client.clientConn.IsClosed() || c.contextStatus() != nil`,
		new:  `c.contextStatus() != nil`,
	},
)
