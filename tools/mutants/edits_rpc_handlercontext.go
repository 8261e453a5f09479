package main

var rpcHandlercontextEdits = in("internal/rpc/handlercontext.go",
	edit{
		does: "a later deadline of the caller replaces that of the connection",
		by:   "internal/conformance/motion TestHandlerHasTheEarlierDeadline",
		old:  `(!ok || c.deadline.Before(deadline))`,
		new:  `true`,
	},
	edit{
		does: "a deadline of the connection replaces that of the caller",
		by:   "internal/conformance/motion TestHandlerHasTheEarlierDeadline",
		old:  `(!ok || c.deadline.Before(deadline))`,
		new:  `!ok`,
	},
	edit{
		does: "all handlers of a connection share a peer",
		by:   "internal/conformance/docs TestDifferencesOfClientsAndRemoteServices",
		old:  `		return c.ownPeer()`,
		new:  `		return &c.call.conn.serverPeer`,
	},
	edit{
		does: "stats handlers see a transport stream",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old: `		if c.call.server().stats != nil {
			return nil // Stats handlers derive from c, and see no transport stream.
		}`,
		new: ``,
	},
	edit{
		does: "a handler does not find its caller's context",
		by:   "internal/conformance/docs TestDifferences",
		old: `			return ctx
		}
		return nil`,
		new: `			return nil
		}
		return nil`,
	},
	edit{
		does: "a context prints its contents",
		by:   "internal/conformance/details TestContextPrintsWithoutContents",
		old:  `return fmt.Sprintf("inprocchain.handlerContext(%s)", c.call.fullMethod)`,
		new:  `return fmt.Sprintf("inprocchain.handlerContext(%s, %v)", c.call.fullMethod, map[string][]string(c.metadata))`,
	},
	edit{
		does: "only the handler that makes an RPC counts, and none before it",
		by:   "internal/conformance/connection TestShutdownAcceptsRPCsThroughAnotherChannel",
		old:  `			handler = handler.stream.callingHandler()`,
		new:  `			return`,
	},
	edit{
		does: "a handler whose context stats handlers have replaced does not count",
		by:   "internal/conformance/motion TestRPCsOfHandlersAreServedWhateverTheirContexts",
		old:  `	handler, _ := grpc.ServerTransportStreamFromContext(ctx).(*handlerCall)`,
		new:  `	var handler *handlerCall`,
	},
	edit{
		does: "a version without a key is accepted",
		by:   "internal/rpc TestKeyOfPanicsWithoutAKey",
		old:  `	if recorder.key == nil {`,
		new:  `	if false {`,
	},
)
