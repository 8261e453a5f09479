package main

var rpcGoexitEdits = in("internal/rpc/goexit.go",
	edit{
		does: "a panic counts as runtime.Goexit",
		old:  `			return false`,
		new:  `			return true`,
	},
	edit{
		does: "runtime.Goexit counts as a panic",
		by:   ". TestShutdownDoesNotWaitForRPCsThatNeverReachedTheirHandler",
		old:  `			return true`,
		new:  `			return false`,
	},
)
