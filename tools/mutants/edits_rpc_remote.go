package main

var rpcRemoteEdits = in("internal/rpc/remote.go",
	edit{
		does: "a stream never leaves",
		by:   ". TestRPCsOnTheRemoteLeave",
		old:  `	rpc.entry.Leave()`,
		new:  ``,
	},
	edit{
		does: "the context of an RPC that has ended goes on",
		by:   ". TestRPCsOnTheRemoteLeave",
		old: `	rpc.end(nil)
	rpc.entry`,
		new: `	rpc.entry`,
	},
	edit{
		does: "a ClientConn keeps RPCs that have ended",
		by:   ". TestClientConnRetainsNoRPCThatHasEnded",
		old:  `	rpc.clientConnEntry.Leave()`,
		new:  ``,
	},
	edit{
		does: "a closed ClientConn accepts RPCs",
		by:   "internal/conformance/connection TestRefusedRPCsDoNotReachARemote",
		old:  `	if c.clientConn.IsClosed() {`,
		new:  `	if false {`,
	},
	edit{
		does: "RPCs are accepted after Shutdown",
		by:   "internal/conformance/docs TestDifferencesOfClientsAndRemoteServices",
		old:  `&rpc.entry, rpc); err != nil { // From`,
		new:  `&rpc.entry, rpc); err != nil && false { // From`,
	},
	edit{
		does: "the context of an RPC that is refused does not end",
		by:   "internal/conformance/connection TestRefusedRPCsDoNotReachARemote",
		old: `		end(nil)
		return nil, nil, nil, err`,
		new: `		return nil, nil, nil, err`,
	},
	edit{
		does: "closing a ClientConn ends no RPC",
		by:   "internal/conformance/connection TestRPCsOnARemoteEndWithTheChannel",
		old:  `	rpc.clientConnEntry = c.clientConn.watch(caller, rpc)`,
		new:  ``,
	},
	edit{
		does: "Close ends no RPC",
		by:   "internal/conformance/connection TestRPCsOnARemoteEndWithTheChannel",
		old:  `{ rpc.end(err) }`,
		new:  `{}`,
	},
	edit{
		does: "OnFinish is not called for a unary RPC that is refused",
		by:   ". TestOnFinishIsCalledForRefusedRPCsOnTheRemote",
		old: `		callOptions(opts).onFinish(err)
		return err`,
		new: `		return err`,
	},
	edit{
		does: "OnFinish is not called for a stream that is refused",
		by:   ". TestOnFinishIsCalledForRefusedRPCsOnTheRemote",
		old: `		callOptions(opts).onFinish(err)
		return nil, err`,
		new: `		return nil, err`,
	},
	edit{
		does: "a unary RPC never leaves",
		by:   ". TestRPCsOnTheRemoteLeave",
		old: `	defer rpc.leave()
	return closedStatus`,
		new: `	_ = rpc.leave
	return closedStatus`,
	},
	edit{
		does: "a stream that cannot be opened never leaves",
		by:   ". TestRPCsOnTheRemoteLeave",
		old:  `		if !isOpen {`,
		new:  `		if !isOpen && false {`,
	},
	edit{
		does: "an RPC that Close ends has the other connection's error",
		by:   ". TestClosingAClientEndsItsRPCsAsOnANetwork",
		old:  `isOurs && status.Code(err) == codes.Canceled`,
		new:  `isOurs && false && status.Code(err) == codes.Canceled`,
	},
	edit{
		does: "an RPC that Close ends has its error though another one came first",
		by:   ". TestCloseKeepsEarlierErrorsOfTheRemote",
		old:  `isOurs && status.Code(err) == codes.Canceled`,
		new:  `isOurs && (true || status.Code(err) == codes.Canceled)`,
	},
	edit{
		does: "a stream whose context ends stays in flight",
		by:   ". TestRPCsOnTheRemoteLeave",
		old:  `	context.AfterFunc(ctx, rpc.leave)`,
		new:  ``,
	},
	edit{
		does: "RecvMsg does not end a stream that has ended",
		by:   ". TestRPCsOnTheRemoteLeave",
		old:  `	if err != nil || !s.serverStreams {`,
		new:  `	if !s.serverStreams {`,
	},
	edit{
		does: "a stream with one response stays in flight",
		by:   ". TestRPCsOnTheRemoteLeave",
		old:  `	if err != nil || !s.serverStreams {`,
		new:  `	if err != nil {`,
	},
	edit{
		does: "SendMsg does not end a stream that has failed",
		by:   ". TestRPCsOnTheRemoteLeave",
		old:  `	return s.leaveFor(err)`,
		new:  `	return err`,
	},
	edit{
		does: "Header does not end a stream that has failed",
		by:   ". TestRPCsOnTheRemoteLeave",
		old:  `	return header, s.leaveFor(err)`,
		new:  `	return header, err`,
	},
	edit{
		does: "SendMsg ends a stream whose status RecvMsg would return",
		by:   ". TestStreamOnTheRemoteGoesOnAfterSendMsgReturnsEOF",
		old:  `	if err == nil || err == io.EOF {`,
		new:  `	if err == nil || err == io.EOF && false {`,
	},
	edit{
		does: "services that are registered here are called there",
		by:   "internal/conformance/docs TestDifferencesOfClientsAndRemoteServices",
		old:  `	if c.server.methods.has(fullMethod) {`,
		new:  `	if false {`,
	},
)
