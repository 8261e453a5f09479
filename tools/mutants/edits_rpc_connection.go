package main

var rpcConnectionEdits = in("internal/rpc/connection.go",
	edit{
		does: "both ends of a connection share their peer",
		by:   "internal/conformance/connection TestEndsOfAConnectionShareNoPeer",
		old: `	p := c.clientPeer
	return peer.NewContext(context.Background(), &p)`,
		new: `	return peer.NewContext(context.Background(), &c.clientPeer)`,
	},
	edit{
		does: "a connection of the server's stats handlers alone does not begin",
		by:   "internal/conformance/connection TestAddressesOnInProcessAreSetForHandlers",
		old:  `c.clientStats == nil && c.server.stats == nil || c.hasBegun`,
		new:  `c.clientStats == nil || c.hasBegun`,
	},
	edit{
		does: "an RPC waits for its connection beyond its context",
		by:   "internal/conformance/motion TestCallerDoesNotWaitForConnection",
		old: `	case <-call.ctx.Done():
		return call.contextStatus()
`,
		new: `	case <-make(chan int):
		return call.contextStatus()
`,
	},
	edit{
		does: "a connection begins after Shutdown",
		by:   "internal/conformance/connection TestStoppedServerLeavesClientsAlone",
		old:  `if !c.isStarted && !c.isEnding && c.server.addConnection(c) {`,
		new:  `if c.server.addConnection(c); !c.isStarted {`,
	},
	edit{
		does: "a connection begins with each RPC",
		by:   "internal/conformance/connection TestConnectionBeginsOnceBeforeTheFirstRPCAndEndsOnce",
		old:  `		c.isStarted = true`,
		new:  ``,
	},
	edit{
		does: "the beginning is not guarded",
		by:   "internal/conformance/connection TestConnectionBeginsOnceForCallersThatComeMeanwhile",
		race: true,
		old: `	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.isStarted`,
		new: `	if !c.isStarted`,
	},
	edit{
		does: "a peer that a server's TagConn sets is ignored",
		by:   "internal/conformance/connection TestPeerFromTagConnIsThatOfHandlers",
		old:  `		c.serverPeer = *p`,
		new:  `		_ = p`,
	},
	edit{
		does: "a connection that ends before it has begun does not end",
		by:   "internal/conformance/connection TestConnectionThatIsClosedWhileItBeginsEnds",
		old:  `	isEnding := c.isEnding // end`,
		new:  `	isEnding := false // end`,
	},
	edit{
		does: "a connection that begins ends twice",
		by:   "internal/conformance/connection TestConnectionThatIsClosedWhileItBeginsEnds",
		old:  `isFirst := !c.isEnding && c.hasBegun()`,
		new:  `isFirst := !c.isEnding`,
	},
	edit{
		does: "a connection begins after its client has been closed",
		by:   ". TestMemoryOfAClientThatIsClosedEarlyIsFreed",
		old:  ` && !c.isEnding && c.server`,
		new:  ` && c.server`,
	},
	edit{
		does: "a stats handler that calls Goexit when a connection begins holds all callers",
		by:   "internal/conformance/motion TestGoexitAtTheBeginningOfAConnectionHoldsNobody",
		old:  `go runInOrder(c.tellClientBegin, c.tellServerBegin, c.setBegun)`,
		new:  `go func() { c.tellClientBegin(); c.tellServerBegin(); c.setBegun() }()`,
	},
	edit{
		does: "the server's stats handlers hold a client that is closed",
		by:   "internal/conformance/motion TestClientIsClosedWhileServerIsToldOfItsEnd",
		old:  `		c.server.tellEnd(func() { observe.EndConn(c.serverCtx, c.server.stats, false) })`,
		new:  `		observe.EndConn(c.serverCtx, c.server.stats, false)`,
	},
	edit{
		does: "a client's ConnEnd comes with each End after Shutdown",
		by:   "internal/conformance/connection TestClientIsClosedWhileConnectionsEnd",
		old:  `isFirst := !c.isEnding && c`,
		new:  `isFirst := c`,
	},
)
