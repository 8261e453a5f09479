package main

var rpcDirectEdits = in("internal/rpc/direct.go",
	edit{
		does: "reserved keys of a header reach inprocgrpc",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `below.SendHeader(wire.Traveling(header))`,
		new:  `below.SendHeader(header)`,
	},
	edit{
		does: "the trailer does not reach inprocgrpc",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `		rpc.setTrailer = below.SetTrailer`,
		new:  ``,
	},
	edit{
		does: "a handler that is written by hand has no caller",
		by:   ". TestContextOfAHandwrittenHandlerIsFoundAsTheCallers",
		old:  `		caller.ctx = ctx // A`,
		new:  `		caller.ctx = context.Background() // A`,
	},
	edit{
		does: "services may be registered after a direct RPC",
		by:   ". TestMisusePanicsAndSaysWhatToDo",
		old:  `	s.methods.read(method) // From now`,
		new:  `	// From now`,
	},
	edit{
		does: "a direct RPC does not wait for stats handlers of its connection",
		by:   "internal/conformance/connection TestAddressesOnInProcessAreSetForHandlers",
		old: `	if err := s.direct.begin(caller); err != nil {
		return nil, err
	}`,
		new: ``,
	},
	edit{
		does: "direct RPCs are accepted after Shutdown",
		by:   "internal/conformance/reliability TestShutdownRefusesOnEveryPath",
		old:  `	if err := s.accept(caller.ctx, &rpc.handlerCall); err != nil {`,
		new:  `	if err := s.accept(caller.ctx, &rpc.handlerCall); false {`,
	},
	edit{
		does: "the context of a direct RPC that is refused does not end",
		by:   ". TestRPCsOfHandwrittenHandlersLeaveNothingBehind",
		old: `		rpc.stream.cancelHandler()
		return nil, err`,
		new: `		return nil, err`,
	},
	edit{
		does: "a direct RPC goes on after its context has ended",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `func() { rpc.stream.end(byClient, wire.ContextStatus(ctx)) })`,
		new:  `func() {})`,
	},
	edit{
		does: "Close counts a direct RPC as not started",
		by:   "internal/conformance/reliability TestCloseWaitsForHandlerOfTheChannelBelow",
		old:  `	rpc.stream.claimed.Store(true)`,
		new:  ``,
	},
	edit{
		does: "a direct handler sees the header's reserved keys",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `maps.Copy(header, wire.Traveling(sent))`,
		new:  `maps.Copy(header, sent)`,
	},
	edit{
		does: "the values of a direct RPC's context hide those of its connection",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `	return c.parent.Value(key)`,
		new:  `	return nil`,
	},
	edit{
		does: "the context of a direct unary RPC is watched after the end",
		by:   ". TestRPCsOfHandwrittenHandlersLeaveNothingBehind",
		old: `	defer rpc.stopWatching()
	rpc.begin(false, false)`,
		new: `	rpc.begin(false, false)`,
	},
	edit{
		does: "the context of a direct stream is watched after the end",
		old: `	defer rpc.stopWatching()
	rpc.begin(info`,
		new:  `	rpc.begin(info`,
		same: "inprocgrpc ends the context at once, and an RPC that has ended does not end again.",
	},
	edit{
		does: "the request of a direct RPC is not told",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `	rpc.events.InPayload(m, size)`,
		new:  ``,
	},
	edit{
		does: "a direct RPC that returns no response and the code OK succeeds",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `		return nil, wire.ErrNoResponse`,
		new:  `		return copied, nil`,
	},
	edit{
		does: "a direct RPC keeps its response",
		by:   "internal/conformance/reliability TestRetainedContextRetainsNoMessages",
		old:  `	empty := message.Copy{} // The`,
		new:  `	empty := *copied // The`,
	},
	edit{
		does: "a direct stream sends a header that is not valid",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old: `	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.SendHeader(md)`,
		new: `	return s.rpc.SendHeader(md)`,
	},
	edit{
		does: "a direct stream sets a header that is not valid",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old: `	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.SetHeader(md)`,
		new: `	return s.rpc.SetHeader(md)`,
	},
	edit{
		does: "a direct stream sends after the end",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `		err = s.rpc.whyEnded() // The`,
		new:  `		// The`,
	},
	edit{
		does: "a header of a direct stream that is lost does not end it",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `		s.rpc.stream.loseHeader()`,
		new:  ``,
	},
	edit{
		does: "an error of a direct stream does not end it",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old: `	s.rpc.sendStatus(err)
	return err`,
		new: `	return err`,
	},
	edit{
		does: "an error of inprocgrpc reaches a direct handler without a status",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old: `	if err != io.EOF {
		err = wire.HandlerStatus(err)
	}`,
		new: ``,
	},
	edit{
		does: "a response of a direct stream is not told",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `		s.rpc.events.OutPayload(m, message.Size(m))`,
		new:  ``,
	},
	edit{
		does: "a request of a direct stream is not told",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `		err = s.rpc.receiveMsg(m)`,
		new:  `		err = nil`,
	},
	edit{
		does: "messages are copied though a hook was replaced",
		by:   "internal/conformance/reliability TestRPCsFailAfterConstructorReplacesInterceptors",
		old: `func (c *directCloner) Clone(in any) (any, error) {
	if err := c.server.checkHooks(); err != nil {
		return nil, err
	}`,
		new: `func (c *directCloner) Clone(in any) (any, error) {`,
	},
	edit{
		does: "messages are handed over though a hook was replaced",
		by:   "internal/conformance/reliability TestNoResponseArrivesAfterAHookIsReplaced",
		old: `	} else if err := c.server.checkHooks(); err != nil {
		return err
	}`,
		new: `	}`,
	},
)
