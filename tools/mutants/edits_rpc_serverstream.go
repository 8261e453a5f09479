package main

var rpcServerstreamEdits = in("internal/rpc/serverstream.go",
	edit{
		does: "stats handlers see the handler's own error",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old: `	s.sendStatus(err)
	return err`,
		new: `	s.sendStatus(err)
	return nil`,
	},
	edit{
		does: "stream interceptors run for a method without a stream",
		by:   "internal/conformance/scenarios TestStreamingMethodsAreCalledByInvokeAsOnANetwork",
		old:  `s.server().streamChain == nil || !s.clientStreams && !s.serverStreams:`,
		new:  `s.server().streamChain == nil:`,
	},
	edit{
		does: "SetHeader does not validate",
		by:   "internal/conformance/scenarios TestResponseMetadataIsReceivedAsOnANetwork",
		old: `	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.handlerCall.SetHeader(md)`,
		new: `	return s.handlerCall.SetHeader(md)`,
	},
	edit{
		does: "SendHeader does not validate",
		by:   "internal/conformance/scenarios TestResponseMetadataIsReceivedAsOnANetwork",
		old: `	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.handlerCall.SendHeader(md)`,
		new: `	return s.handlerCall.SendHeader(md)`,
	},
	edit{
		does: "an error of SendMsg does not end the RPC",
		by:   "internal/conformance/scenarios TestStreamMethodsBehaveAsOnANetwork",
		old: `	if err != nil {
		s.abort(err)
	}
	return err`,
		new: `	return err`,
	},
	edit{
		does: "the caller of a stream that was aborted waits for the handler",
		by:   "internal/conformance/connection TestCallerDoesNotWaitForAHandlerWhoseStreamHasFailed",
		old:  `		s.stream.release()`,
		new:  ``,
	},
	edit{
		does: "the first message is sent without a header",
		by:   "internal/conformance/connection TestContextsDeriveFromTagConnAsOnANetwork",
		old:  `		err = s.sendHeader(nil, nil)`,
		new:  ``,
	},
	edit{
		does: "a message after a header that is lost is an error",
		by:   "internal/conformance/differential TestInvalidMetadataOfTheHandlerFailsTheRPC",
		old:  `	if err != nil && err != errHeaderLost {`,
		new:  `	if err != nil {`,
	},
	edit{
		does: "a header that is lost does not end the RPC",
		by:   "internal/conformance/differential TestInvalidMetadataOfTheHandlerFailsTheRPC",
		old:  `	if err == errHeaderLost { // The handler`,
		new:  `	if false { // The handler`,
	},
	edit{
		does: "SendMsg does not look at the clock",
		by:   "internal/conformance/connection TestNoMessageArrivesAfterTheDeadline",
		old: `		s.stream.noticeEnd()
		switch`,
		new: `		switch`,
	},
	edit{
		does: "the end of the connection is told once",
		by:   "internal/conformance/motion TestRecvMsgKeepsTheErrorOfTheConnectionsContext",
		old:  `		case s.messages.connectionEnded != nil: // It`,
		new:  `		case s.messages.connectionEnded != nil && s.stream.ended == notEnded: // It`,
	},
	edit{
		does: "SendMsg after the end succeeds",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `			return cmp.Or(s.whyEnded(), s.messages.whyConnectionEnded())`,
		new:  `			return nil`,
	},
	edit{
		does: "an error of RecvMsg does not end the RPC",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old: `	if err != nil && err != io.EOF {
		s.abort(err)
	}`,
		new: ``,
	},
	edit{
		does: "a missing request is io.EOF",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `		err = wire.ErrNoRequest`,
		new:  `		err = io.EOF`,
	},
	edit{
		does: "io.EOF after the only request is a missing request",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old:  `	s.hasMessage = true`,
		new:  ``,
	},
	edit{
		does: "a second request is ignored",
		by:   "internal/conformance/scenarios TestUnaryMethodsAreCalledByNewStreamAsOnANetwork",
		old:  `		return wire.ErrSecondRequest`,
		new:  `		return nil`,
	},
	edit{
		does: "receiving is not guarded",
		by:   "internal/conformance/connection TestHandlerMayIgnoreTheEndOfItsContext",
		race: true,
		old: `	s.stream.mu.Lock()
	defer s.stream.unlockForHandler()
	for {`,
		new: `	for {`,
	},
	edit{
		does: "a handler that has seen io.EOF sees the end of its context",
		by:   "internal/conformance/scenarios TestEndOfContextDuringRPCIsAsOnANetwork",
		old: `		case s.sawEnd:
			return io.EOF`,
		new: `		case s.sawEnd && s.stream.ended == notEnded:
			return io.EOF`,
	},
)
