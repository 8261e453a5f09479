package main

var rpcClientstreamEdits = in("internal/rpc/clientstream.go",
	edit{
		does: "another goroutine may finish an Invoke between its methods",
		same: "A test would have to end the caller's context between two statements, when both goroutines may answer an RPC that no handler serves.",
		old: `	s.enterCall()
	defer s.leaveCall()
	if err := s.open()`,
		new: `	if err := s.open()`,
	},
	edit{
		does: "a ClientConn keeps a stream whose stats handlers have panicked",
		by:   ". TestClientConnRetainsNoRPCWhoseStatsHandlerHasPanicked",
		old: `the RPC.
			s.stopWatching()`,
		new: `the RPC.`,
	},
	edit{
		does: "OnFinish is not called for a stream that cannot be opened",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old: `as in newClientStream of grpc-go's stream.go.
		s.opts.onFinish(err)`,
		new: ``,
	},
	edit{
		does: "the context of a stream that cannot be opened does not end",
		by:   ". TestRefusedRPCsLeaveNothingBehind",
		old:  `		s.cancelContext() // Before OnFinish`,
		new:  `		// Before OnFinish`,
	},
	edit{
		does: "the context of a stream has no peer",
		by:   "internal/conformance/connection TestAddressesAreSetAsOnANetwork",
		old:  `	s.streamCtx = s.withPeer(s.ctx)`,
		new:  `	s.streamCtx = s.ctx`,
	},
	edit{
		does: "an unserved RPC stays in flight after stats handlers have panicked",
		by:   "internal/conformance/connection TestPanicOfAStatsHandlerEndsTheRPC",
		old: `			s.answerUnserved()
			s.cancelContext() // The`,
		new: `			s.cancelContext() // The`,
	},
	edit{
		does: "the context of a stream does not end after stats handlers have panicked",
		by:   "internal/conformance/connection TestPanicOfAStatsHandlerEndsTheRPC",
		old:  `			s.cancelContext() // The`,
		new:  `			_ = 0 // The`,
	},
	edit{
		does: "the context of a stream is not watched",
		by:   "internal/conformance/telemetry TestEveryRPCHasTwoSpansOnEveryPath",
		old: `	s.watch()
	s.tellHeaderSent()`,
		new: `	s.tellHeaderSent()`,
	},
	edit{
		does: "NewStream does not tell what has arrived",
		by:   "internal/conformance/connection TestNewStreamTellsTheHeader",
		old: `	s.tellHeaderSent()
	s.look()`,
		new: `	s.tellHeaderSent()`,
	},
	edit{
		does: "a stream whose header a server refuses reaches the handler",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `	if refused != nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "an unknown method that is invoked is answered before its request",
		by:   "internal/conformance/connection TestRequestOfAnUnknownMethodIsTold",
		old:  `	if !s.isInvoke {`,
		new:  `	if true {`,
	},
	edit{
		does: "an unknown method that is invoked is not answered",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old: `	defer s.answerUnserved()
	return`,
		new: `	return`,
	},
	edit{
		does: "Header does not end a stream that has failed",
		by:   "internal/conformance/connection TestHeaderFinishesAStreamThatHasFailed",
		old: `	default:
		s.finish(err)
	}
	return nil, nil`,
		new: `	default:
	}
	return nil, nil`,
	},
	edit{
		does: "a caller of Header that waits gets the error of the others",
		by:   "internal/conformance/differential TestEndsThatComeFirstAreReported",
		old:  `	case hasWaited && err == wire.ErrClientConnClosing:`,
		new:  `	case false && hasWaited:`,
	},
	edit{
		does: "an error of SendMsg does not end a stream",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old: `		s.finish(err)
		return err
	}
	if s.desc`,
		new: `		return err
	}
	if s.desc`,
	},
	edit{
		does: "SendMsg ends a stream that the server has ended",
		by:   "internal/conformance/connection TestSendMsgOfTheOnlyRequestIsAsOnANetwork",
		old:  `	if err != nil && err != io.EOF {`,
		new:  `	if err != nil {`,
	},
	edit{
		does: "SendMsg of the only request returns io.EOF",
		by:   "internal/conformance/connection TestSendMsgOfTheOnlyRequestIsAsOnANetwork",
		old: `	if s.desc.ClientStreams {
		return err
	}
	return nil`,
		new: `	return err`,
	},
	edit{
		does: "a second request is sent",
		by:   "internal/conformance/connection TestSendMsgOfTheOnlyRequestIsAsOnANetwork",
		old: `		s.sendClosed = true
	}`,
		new: `	}`,
	},
	edit{
		does: "a request is sent after CloseSend",
		by:   "internal/conformance/scenarios TestStreamMethodsBehaveAsOnANetwork",
		old: `	s.sendClosed = true
	s.stream.noticeEnd()`,
		new: `	s.stream.noticeEnd()`,
	},
	edit{
		does: "a request beyond the limit is sent",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `if err := s.opts.checkSend(size); err != nil {`,
		new:  `if err := s.opts.checkSend(size); false {`,
	},
	edit{
		does: "SendMsg does not look at the clock",
		by:   "internal/conformance/connection TestEachMethodOfAStreamNoticesTheDeadline",
		old: `		s.stream.noticeEnd()
		s.lookUnlessTelling()
		if isDone`,
		new: `		s.lookUnlessTelling()
		if isDone`,
	},
	edit{
		does: "SendMsg does not tell what has arrived",
		by:   "internal/conformance/connection TestEachMethodOfAStreamTellsTheHeader",
		old: `		s.stream.noticeEnd()
		s.lookUnlessTelling()
		if isDone`,
		new: `		s.stream.noticeEnd()
		if isDone`,
	},
	edit{
		does: "CloseSend does not look at the clock",
		by:   "internal/conformance/connection TestEachMethodOfAStreamNoticesTheDeadline",
		old: `	s.stream.noticeEnd()
	s.lookUnlessTelling()
	s.messages`,
		new: `	s.lookUnlessTelling()
	s.messages`,
	},
	edit{
		does: "CloseSend does not tell what has arrived",
		by:   "internal/conformance/connection TestEachMethodOfAStreamTellsTheHeader",
		old: `	s.stream.noticeEnd()
	s.lookUnlessTelling()
	s.messages`,
		new: `	s.stream.noticeEnd()
	s.messages`,
	},
	edit{
		does: "SendMsg waits for the events of another call",
		by:   "internal/conformance/motion TestCallsDoNotWaitForEventsOfOthers",
		old: `		s.lookUnlessTelling()
		if isDone`,
		new: `		s.look()
		if isDone`,
	},
	edit{
		does: "CloseSend waits for the events of another call",
		by:   "internal/conformance/motion TestCallsDoNotWaitForEventsOfOthers",
		old: `	s.lookUnlessTelling()
	s.messages`,
		new: `	s.look()
	s.messages`,
	},
	edit{
		does: "Header waits for the events of another call",
		by:   "internal/conformance/motion TestCallsDoNotWaitForEventsOfOthers",
		old: `		s.lookUnlessTelling()
		s.stream.mu.Lock()`,
		new: `		s.look()
		s.stream.mu.Lock()`,
	},
	edit{
		does: "a second response does not end a unary stream",
		by:   "internal/conformance/connection TestSecondResponseEndsTheRPC",
		old:  `		s.finish(wire.ErrSecondResponse) // grpc-go`,
		new:  `		// grpc-go`,
	},
	edit{
		does: "a stream without a response succeeds",
		by:   "internal/conformance/scenarios TestStreamingMethodsAreCalledByInvokeAsOnANetwork",
		old:  `			status = wire.ErrNoResponse`,
		new:  ``,
	},
	edit{
		does: "a response beyond the limit is received",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `if err := s.opts.checkReceived(size); err != nil {`,
		new:  `if err := s.opts.checkReceived(size); false {`,
	},
	edit{
		does: "a response beyond the limit does not end the stream",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old: `checkReceived(size); err != nil {
		s.finish(err)`,
		new: `checkReceived(size); err != nil {`,
	},
	edit{
		does: "a response that cannot be decoded does not end the stream",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old: `HandOver(m, &next); err != nil {
		s.finish(err)`,
		new: `HandOver(m, &next); err != nil {`,
	},
	edit{
		does: "a unary stream forgets its response",
		by:   "internal/conformance/scenarios TestCallOptionsTakeEffectAsOnANetwork",
		old:  `	s.hasMessage = true`,
		new:  ``,
	},
	edit{
		does: "a response is received before the header is told",
		by:   "internal/conformance/connection TestEventsOfAStreamHaveTheirOrder",
		old:  `		case s.hasUntold(): // It`,
		new:  `		case false: // It`,
	},
	edit{
		does: "RecvMsg does not look at the clock",
		by:   "internal/conformance/connection TestEachMethodOfAStreamNoticesTheDeadline",
		old: `		t.noticeEnd()
		s.look()`,
		new: `		s.look()`,
	},
)
