package main

var rpcTransportstreamEdits = in("internal/rpc/transportstream.go",
	edit{
		does: "a caller whose context has ended waits for the server's stats handlers",
		by:   "internal/conformance/motion TestCallerDoesNotWaitForServerStatsHandler",
		old: `	if !t.end(by, received) {
		t.release()
	}`,
		new: `	t.end(by, received)`,
	},
	edit{
		does: "the end does not end the handler's context",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old: `	t.cancelHandler()
	return true`,
		new: `	return true`,
	},
	edit{
		does: "the handler's goroutine is claimed twice",
		by:   ". TestCloseKeepsAHandlerFromStarting",
		old:  `return !t.claimed.Swap(true)`,
		new:  `return !t.claimed.Load()`,
	},
	edit{
		does: "the caller is retained after the end",
		by:   "internal/conformance/reliability TestRetainedContextOfStreamRetainsNoMessages",
		old:  `		t.listener = nil`,
		new:  ``,
	},
	edit{
		does: "a caller does not wait for the server's stats handlers",
		by:   "internal/conformance/connection TestCallersReturnAfterTheServersEnd",
		old:  `t.ended == byServer && t.released || t.ended > byServer`,
		new:  `t.ended != notEnded`,
	},
	edit{
		does: "the server's End does not wake the caller",
		by:   "internal/conformance/connection TestCallersReturnAfterTheServersEnd",
		old: `	t.released = true
	t.change()`,
		new: `	t.released = true`,
	},
	edit{
		does: "releasing is not guarded",
		by:   "internal/conformance/connection TestCallersReturnAfterTheServersEnd",
		race: true,
		old: `	t.mu.Lock()
	defer t.mu.Unlock()
	t.released = true`,
		new: `	t.released = true`,
	},
)
