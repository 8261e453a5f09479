package main

var rpcInflightEdits = in("internal/rpc/inflight.go",
	edit{
		does: "RPCs are accepted after Shutdown",
		by:   "internal/conformance/barechannel TestBareChannelCannotBeShutDown",
		old:  `	if !s.draining {`,
		new:  `	if true {`,
	},
	edit{
		does: "RPCs of handlers are refused after Shutdown",
		by:   ". TestShutdownAcceptsTheRPCsOfHandlersInFlight",
		old:  `		if f.enterBeside(&handler.entry, e) {`,
		new:  `		if false && f.enterBeside(&handler.entry, e) {`,
	},
	edit{
		does: "RPCs of handlers are accepted after Close",
		by:   ". TestCloseRefusesTheRPCsOfHandlersInFlight",
		old:  `if parent.rpc == nil || s.closed {`,
		new:  `if parent.rpc == nil {`,
	},
	edit{
		does: "RPCs of handlers that have returned are accepted after Shutdown",
		by:   ". TestShutdownAcceptsTheRPCsOfHandlersInFlight",
		old:  `if parent.rpc == nil || s.closed {`,
		new:  `if s.closed {`,
	},
	edit{
		does: "a handler of another Channel counts as in flight",
		by:   ". TestShutdownRefusesTheRPCsOfHandlersOfAnotherChannel",
		old: `	s := parent.shard
	if s == nil || !f.has(s) {`,
		new: `	s := parent.shard
	if s == nil || false && !f.has(s) {`,
	},
	edit{
		does: "entering is not guarded",
		by:   "internal/conformance/connection TestHandlerMayIgnoreTheEndOfItsContext",
		race: true,
		old: `	s.mu.Lock()
	if !s.draining {
		s.link(e)
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()`,
		new: `	if !s.draining {
		s.link(e)
		return nil
	}`,
	},
	edit{
		does: "entering beside a handler is not guarded",
		by:   ". TestShutdownAcceptsTheRPCsOfHandlersInFlight",
		race: true,
		old: `	s.mu.Lock()
	defer s.mu.Unlock()
	if parent.rpc == nil || s.closed {`,
		new: `	if parent.rpc == nil || s.closed {`,
	},
	edit{
		does: "leaving is not guarded",
		by:   "internal/conformance/connection TestRPCsOnARemoteEndWithTheChannel",
		race: true,
		old: `	s.mu.Lock()
	defer s.mu.Unlock()
	if e.rpc == nil {`,
		new: `	if e.rpc == nil {`,
	},
	edit{
		does: "the entry after an RPC that leaves keeps it",
		by:   "internal/rpc TestDrainKnowsEveryShard",
		old: `	if e.next != nil {
		e.next.previous = e.previous
	}`,
		new: ``,
	},
	edit{
		does: "a second RPC is not linked to the first one",
		by:   "internal/rpc TestDrainWaitsForTheLastRPCOfAShard",
		old:  "		e.next.previous = e\n",
		new:  "",
	},
	edit{
		does: "an RPC may leave twice",
		by:   "internal/rpc TestLeavingTwiceTakesOutNoOther",
		old: `	if e.rpc == nil {
		return
	}`,
		new: ``,
	},
	edit{
		does: "an RPC that has left keeps the others",
		by:   "internal/rpc TestEntryThatHasLeftRefersToNoOther",
		old:  `	e.previous, e.next, e.rpc = nil, nil, nil`,
		new:  `	e.rpc = nil`,
	},
	edit{
		does: "the last RPC wakes nobody",
		by:   "internal/conformance/connection TestConnectionEndsAfterItsLastRPC",
		old:  `		close(s.idle)`,
		new:  ``,
	},
	edit{
		does: "any RPC that leaves ends the wait",
		by:   "internal/rpc TestDrainWaitsForTheLastRPCOfAShard",
		old:  `if s.first == nil && s.idle != nil {`,
		new:  `if s.idle != nil {`,
	},
	edit{
		does: "a Shutdown whose context has ended fails though nothing is in flight",
		by:   ". TestShutdownOfAnIdleChannelIgnoresAnEndedContext",
		old:  `if names := f.names(); names != "" {`,
		new:  `if names := f.names(); true || names != "" {`,
	},
	edit{
		does: "Shutdown waits for RPCs beyond its context",
		by:   "internal/conformance/connection TestConnectionEndsAfterItsLastRPC",
		old:  `		case <-ctx.Done():`,
		new:  `		case <-context.WithoutCancel(ctx).Done():`,
	},
	edit{
		does: "Close does not wait",
		by:   ". TestCloseMayRunConcurrentlyWithEverything",
		old:  `		<-f.shards[i].waitIdle()`,
		new:  `		f.shards[i].waitIdle()`,
	},
	edit{
		does: "Close cancels nothing",
		by:   ". TestChannelsWorkInABubble",
		old:  `			rpc.cancel(err)`,
		new:  `			_ = rpc`,
	},
	edit{
		does: "Shutdown cancels what is in flight",
		by:   "internal/conformance/connection TestConnectionEndsAfterItsLastRPC",
		old:  `f.shards[i].drain(false)`,
		new:  `f.shards[i].drain(false); for _, rpc := range f.shards[i].drain(true) { rpc.cancel(errClosed) }`,
	},
	edit{
		does: "after Close, shards take RPCs of handlers",
		by:   ". TestCloseRefusesTheRPCsOfHandlersInFlight",
		old:  `	s.closed = true`,
		new:  ``,
	},
	edit{
		does: "draining is not guarded",
		by:   "internal/conformance/connection TestNewStreamTellsTheHeader",
		race: true,
		old: `	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true`,
		new: `	s.draining = true`,
	},
	edit{
		does: "waiting is not guarded",
		by:   "internal/conformance/connection TestRPCsOnARemoteEndWithTheChannel",
		race: true,
		old: `	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		return closedChannel`,
		new: `	if s.first == nil {
		return closedChannel`,
	},
	edit{
		does: "counting is not guarded",
		by:   ". TestShutdownNamesMethodsWhileRPCsEnd",
		race: true,
		old: `	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.first; e != nil; e = e.next {
		counts`,
		new: `	for e := s.first; e != nil; e = e.next {
		counts`,
	},
	edit{
		does: "a second Shutdown replaces what the first one waits for",
		by:   "internal/rpc TestDrainWaitsForTheLastRPCOfAShard",
		old: `	if s.idle == nil {
		s.idle = make`,
		new: `	if true {
		s.idle = make`,
	},
	edit{
		does: "methods in flight are not sorted",
		by:   ". TestShutdownNamesTheMethodsInFlight",
		old:  `slices.Sorted(maps.Keys(counts))`,
		new:  `slices.Backward(slices.Sorted(maps.Keys(counts)))`,
	},
	edit{
		does: "credentials are asked though the RPC will be refused",
		by:   "internal/conformance/connection TestStoppedServerLeavesClientsAlone",
		old: `	isDraining := s.draining
`,
		new: `	isDraining := false
`,
	},
	edit{
		does: "credentials are asked for an RPC of a handler that has returned",
		by:   ". TestShutdownAcceptsTheRPCsOfHandlersInFlight",
		old:  `return e.rpc != nil && !s.closed`,
		new:  `return !s.closed`,
	},
)
