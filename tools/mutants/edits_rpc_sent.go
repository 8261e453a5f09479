package main

var rpcSentEdits = in("internal/rpc/sent.go",
	edit{
		does: "a handler learns of the end before its context has ended",
		by:   "internal/conformance/motion TestHandlerContextHasEndedWhenRecvMsgFails",
		race: true,
		old: `	if hasEnded {
		t.cancelHandler()`,
		new: `	if false && hasEnded {
		t.cancelHandler()`,
	},
	edit{
		does: "SetHeader without metadata fails after the header was sent",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old: `func (t *transportStream) setHeader(md metadata.MD) error {
	if md.Len() == 0 {
		return nil
	}`,
		new: `func (t *transportStream) setHeader(md metadata.MD) error {`,
	},
	edit{
		does: "SetHeader works after the header was sent",
		by:   "internal/conformance/scenarios TestResponseMetadataIsReceivedAsOnANetwork",
		old:  `if t.headerSent || t.isDone() {`,
		new:  `if t.isDone() {`,
	},
	edit{
		does: "SetHeader works after the end",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `if t.headerSent || t.isDone() {`,
		new:  `if t.headerSent {`,
	},
	edit{
		does: "SetHeader keeps the handler's metadata",
		by:   "internal/conformance/scenarios TestResponseMetadataIsReceivedAsOnANetwork",
		old: `	t.header = metadata.Join(t.header, md)
	return nil`,
		new: `	if t.header = metadata.Join(t.header, md); len(t.header) == len(md) {
		t.header = md
	}
	return nil`,
	},
	edit{
		does: "SetHeader is not guarded",
		by:   "internal/conformance/connection TestHandlerMayIgnoreTheEndOfItsContext",
		race: true,
		old: `	t.mu.Lock()
	defer t.unlockForHandler()
	if t.headerSent || t.isDone() {`,
		new: `	if t.headerSent || t.isDone() {`,
	},
	edit{
		does: "SetTrailer keeps the handler's metadata",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `	t.trailer = metadata.Join(t.trailer, md)`,
		new: `	if t.trailer = metadata.Join(t.trailer, md); len(t.trailer) == len(md) {
		t.trailer = md
	}`,
	},
	edit{
		does: "SetTrailer works after the end",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old: `	if t.isDone() {
		return wire.ErrHeaderSent
	}
	t.trailer`,
		new: `	t.trailer`,
	},
	edit{
		does: "SetTrailer is not guarded",
		by:   "internal/conformance/connection TestHandlerMayIgnoreTheEndOfItsContext",
		race: true,
		old: `	t.mu.Lock()
	defer t.unlockForHandler()
	if t.isDone() {
		return wire.ErrHeaderSent
	}
	t.trailer`,
		new: `	if t.isDone() {
		return wire.ErrHeaderSent
	}
	t.trailer`,
	},
	edit{
		does: "SendHeader does not look at the clock",
		by:   "internal/conformance/motion TestNothingArrivesAfterDeadlineOnOneProcessor",
		old: `	t.noticeEnd()
	t.mu.Lock()
	defer t.unlockForHandler()
	err = t.endedStatus()`,
		new: `	t.mu.Lock()
	defer t.unlockForHandler()
	err = t.endedStatus()`,
	},
	edit{
		does: "a header is sent after the end",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old: `	case t.isDone():
		return nil, err`,
		new: `	case false:
		return nil, err`,
	},
	edit{
		does: "a header is sent twice",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old: `	case t.headerSent:
		return nil, ifSent`,
		new: `	case false:
		return nil, ifSent`,
	},
	edit{
		does: "a header that a closed connection has lost arrives",
		old: `		t.headerSent, t.headerLost = true, true
		return nil, err
	}
	if t.header`,
		new: `		return nil, err
	}
	if t.header`,
	},
	edit{
		does: "a header is sent without waking the caller",
		old: `	t.markHeaderSent()
	t.change()`,
		new: `	t.markHeaderSent()`,
	},
	edit{
		does: "a header that the client cannot read arrives",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `	t.headerLost = wire.CheckReceived(t.header) != nil`,
		new:  ``,
	},
	edit{
		does: "a header that the client cannot read does not end the RPC",
		by:   "internal/conformance/connection TestHandlersOnTheChannelBelowAreAsOnANetwork",
		old:  `	t.end(byNetwork, wire.CheckReceived(t.header))`,
		new:  ``,
	},
	edit{
		does: "the end does not look at the clock",
		by:   "internal/conformance/motion TestNothingArrivesAfterDeadlineOnOneProcessor",
		old: `	t.noticeEnd()
	t.mu.Lock()
	defer t.unlockForHandler()
	if t.ended != notEnded {`,
		new: `	t.mu.Lock()
	defer t.unlockForHandler()
	if t.ended != notEnded {`,
	},
	edit{
		does: "an RPC ends twice",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old: `	if t.ended != notEnded {
		if !t.headerSent && t.ended != byServer {`,
		new: `	if false {
		if !t.headerSent && t.ended != byServer {`,
	},
	edit{
		does: "a header may be sent after the caller's end",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old: `		if !t.headerSent && t.ended != byServer {
			t.headerSent, t.headerLost = true, true
		}`,
		new: ``,
	},
	edit{
		does: "a header that is only set does not arrive with a response",
		by:   ". TestWrapReplacesTheClonerOfTheChannel",
		old:  `if !t.headerSent && (len(t.header) > 0 || response != nil) {`,
		new:  `if !t.headerSent && response != nil {`,
	},
	edit{
		does: "a response without a header arrives without one",
		by:   "internal/conformance/codecs TestCodecOfACallIsNotThatOfTheNext",
		old:  `if !t.headerSent && (len(t.header) > 0 || response != nil) {`,
		new:  `if !t.headerSent && len(t.header) > 0 {`,
	},
	edit{
		does: "a trailer without a header has no content type",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old:  `	t.trailersOnly = !t.headerSent`,
		new:  ``,
	},
	edit{
		does: "a trailer of an RPC that succeeds is lost",
		by:   "internal/conformance/connection TestCallOptionsAreSetAfterTheEndIsTold",
		old:  `if st != nil || len(t.trailer) > 0 {`,
		new:  `if st != nil {`,
	},
	edit{
		does: "reserved keys of a trailer arrive",
		old:  `wire.WithDetails(wire.Traveling(t.trailer), st)`,
		new:  `wire.WithDetails(t.trailer, st)`,
	},
	edit{
		does: "a trailer that the client cannot read arrives",
		by:   "internal/conformance/details TestStatusWithCodeThatCannotBeReadHasNoTrailer",
		old:  `	t.trailerArrived = lost == nil`,
		new:  `	t.trailerArrived = true`,
	},
	edit{
		does: "the status of a trailer that is lost arrives",
		by:   "internal/conformance/connection TestUnreadableTrailerAfterAResponse",
		old:  `		t.status = lost`,
		new:  ``,
	},
	edit{
		does: "the end does not wake the caller",
		by:   "internal/conformance/motion TestServerStatsHandlerMayWaitForClientStatsHandler",
		old: `	t.ended = byServer
	t.change()`,
		new: `	t.ended = byServer`,
	},
	edit{
		does: "a handler learns of a closed connection before it sends",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `t.ended != notEnded && t.ended != byConnection }`,
		new:  `t.ended != notEnded }`,
	},
	edit{
		does: "a handler whose ClientConn was closed gets Canceled",
		old:  `	case t.ended == byConnection, t.clientConn.IsClosed():`,
		new:  `	case t.ended == byConnection:`,
	},
	edit{
		does: "a handler whose Channel was closed gets Canceled",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old:  `	case t.ended == byConnection, t.clientConn.IsClosed():`,
		new:  `	case t.clientConn.IsClosed():`,
	},
)
