package main

var rpcServerEdits = in("internal/rpc/server.go",
	edit{
		does: "RPCs on a connection go on after a hook was replaced",
		old: `	if err := s.checkHooks(); err != nil {
		return err
	}
	return s.inFlight.Enter`,
		new: `	return s.inFlight.Enter`,
	},
	edit{
		does: "credentials are asked after a hook was replaced",
		by:   "internal/conformance/connection TestCredentialsAreNotAskedAfterAHookIsReplaced",
		old: `	if err := s.checkHooks(); err != nil {
		return err
	}
	return s.inFlight.refusal`,
		new: `	return s.inFlight.refusal`,
	},
	edit{
		does: "services that were registered before Wrap are not guarded",
		by:   "internal/conformance/reliability TestHandlersRefuseAfterAnyHooksAreReplacedTogether",
		old:  `	s.registerAgain()`,
		new:  ``,
	},
	edit{
		does: "Shutdown ends the connections of RPCs that are left",
		by:   "internal/conformance/connection TestConnectionEndsAfterItsLastRPC",
		old: `		return err
	}
	s.endConnections()`,
		new: `		s.endConnections()
		return err
	}
	s.endConnections()`,
	},
	edit{
		does: "Close does not end connections",
		by:   "internal/conformance/connection TestConnectionBeginsOnceBeforeTheFirstRPCAndEndsOnce",
		old: `	s.inFlight.Close()
	s.endConnections()`,
		new: `	s.inFlight.Close()`,
	},
	edit{
		does: "a connection begins after all have ended",
		by:   "internal/conformance/connection TestStoppedServerLeavesClientsAlone",
		old: `	if s.isShutDown {
		return false
	}`,
		new: ``,
	},
	edit{
		does: "connections end twice",
		by:   "internal/conformance/connection TestClientIsClosedWhileConnectionsEnd",
		old:  `	s.connections, s.isShutDown = nil, true`,
		new:  `	s.isShutDown = true`,
	},
	edit{
		does: "adding connections is not guarded",
		by:   "internal/conformance/connection TestServerIsToldTheEndsOfConnectionsThatBeginAtOnce",
		race: true,
		old: `	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isShutDown {`,
		new: `	if s.isShutDown {`,
	},
	edit{
		does: "the stack of a handler grows bit by bit",
		old: `	var room [4 << 10]byte
	return first(&room)`,
		new:  `	return 0`,
		same: "It is a matter of time alone; see BenchmarkServerInterceptors.",
	},
	edit{
		does: "Shutdown does not wait for the stats handlers of connections",
		by:   "internal/conformance/motion TestClientIsClosedWhileServerIsToldOfItsEnd",
		old: `	s.telling++
	s.mu.Unlock()
	go func`,
		new: `	s.telling += 0
	s.mu.Unlock()
	go func`,
	},
)
