package main

var rpcClientconnEdits = in("internal/rpc/clientconn.go",
	edit{
		does: "a closed ClientConn accepts RPCs",
		by:   "internal/conformance/connection TestStatsHandlersSeeNoRPCOnAClosedClientConn",
		old:  `if !c.isClosed.Swap(true) {`,
		new:  `if !c.isClosed.Load() {`,
	},
	edit{
		does: "closing a ClientConn ends no RPC",
		by:   "internal/rpc TestClosedClientConnCancelsWhatItWatches",
		old:  `	c.inFlight.cancelAll(wire.ErrClientConnClosing)`,
		new:  ``,
	},
	edit{
		does: "an RPC that begins while its ClientConn is closed is not canceled",
		by:   "internal/rpc TestClosedClientConnCancelsWhatItWatches",
		old:  `		rpc.cancel(wire.ErrClientConnClosing)`,
		new:  ``,
	},
)
