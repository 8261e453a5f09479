package main

import "slices"

var handlerEdits = slices.Concat(in("internal/rpc/handlercall.go",
	edit{
		does: "a handler's context ends with nothing",
		old:  `	h.cancelable, h.stream.cancelHandler = context.WithCancel(&h.values)`,
		new:  `	h.cancelable, h.stream.cancelHandler = &h.values, func() {}`,
	},
	edit{
		does: "a handler has no deadline",
		old:  `	h.values.deadline, h.values.hasDeadline = caller.ctx.Deadline()`,
		new:  ``,
	},
	edit{
		does: "a handler has no caller",
		old:  `	h.stream.caller.Store(caller)`,
		new:  ``,
	},
	edit{
		does: "the sizes that a caller asks for are not measured",
		old:  `s.stats != nil || caller.asksForSizes()`,
		new:  `s.stats != nil`,
	},
	edit{
		does: "the sizes that the server's stats handlers ask for are not measured",
		old:  `s.stats != nil || caller.asksForSizes()`,
		new:  `caller.asksForSizes()`,
	},
	edit{
		does: "a handler starts after Close has canceled it",
		old: `	if h.stream.claim() {
		go`,
		new: `	if h.stream.claim(); true {
		go`,
	},
	edit{
		does: "Close waits for a handler that is never started",
		old: `	if h.stream.claim() {
		h.leave()
	}`,
		new: ``,
	},
	edit{
		does: "Close does not end RPCs",
		old:  `	h.stream.abandon(byConnection, err)`,
		new:  ``,
	},
	edit{
		does: "the caller's profiler labels reach the handler",
		old:  `	pprof.SetGoroutineLabels(context.Background())`,
		new:  `	_ = pprof.SetGoroutineLabels`,
	},
	edit{
		does: "a handler that ends its goroutine is not answered",
		old:  `		h.sendStatus(wire.ErrNoStatus)`,
		new:  ``,
	},
	edit{
		does: "stats handlers do not see the end of a handler that ends its goroutine",
		old:  `		h.end(wire.ErrNoStatus)`,
		new:  ``,
	},
	edit{
		does: "a handler that ends its goroutine stays in flight",
		old: `		h.end(wire.ErrNoStatus)
		h.leave()`,
		new: `		h.end(wire.ErrNoStatus)`,
	},
	edit{
		does: "the caller of a handler that panics is answered",
		old: `	default:
		h.end(nil)`,
		new: `	default:
		h.end(nil)
		h.leave()`,
	},
	edit{
		does: "stats handlers do not see the end of a handler that panics",
		old: `	default:
		h.end(nil)`,
		new: `	default:`,
	},
	edit{
		does: "an RPC leaves before stats handlers have seen its end",
		old:  `	h.end(half.serve())`,
		new:  `	err := half.serve(); h.leave(); h.end(err)`,
	},
	edit{
		does: "a server's events have no transport stream",
		old:  `grpc.NewContextWithServerTransportStream(h.events.Context(), h)`,
		new:  `grpc.NewContextWithServerTransportStream(h.events.Context(), nil)`,
	},
	edit{
		does: "a handler that has returned keeps its caller",
		old:  `	h.stream.caller.Store(nil)`,
		new:  ``,
	},
	edit{
		does: "an RPC leaves while its response is lent",
		old: `	if !h.hasLent {
		h.entry`,
		new: `	if true {
		h.entry`,
	},
	edit{
		does: "an RPC never leaves",
		old: `	if !h.hasLent {
		h.entry.Leave()
	}`,
		new: ``,
	},
	edit{
		does: "the caller waits though the RPC has left",
		old: `		h.entry.Leave()
	}
	h.stream.release()`,
		new: `		h.entry.Leave()
	}`,
	},
	edit{
		does: "the handler's context does not end after its response was copied",
		old: `	h.stream.cancelHandler()
	h.entry.Leave()`,
		new: `	h.entry.Leave()`,
	},
	edit{
		does: "an RPC whose response was lent never leaves",
		old: `	h.stream.cancelHandler()
	h.entry.Leave()`,
		new: `	h.stream.cancelHandler()`,
	},
	edit{
		does: "SendHeader reports that the client cannot read the header",
		old: `		h.stream.loseHeader()
		return nil // A`,
		new: `		h.stream.loseHeader()
		return wire.ErrCanceled // A`,
	},
	edit{
		does: "the header of a direct RPC is not sent",
		old:  `	if err == nil && h.sendBelow != nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "a header that the client cannot read reaches inprocgrpc",
		old:  `	if err == nil && h.sendBelow != nil {`,
		new:  `	if h.sendBelow != nil {`,
	},
	edit{
		does: "a response after the end is told to stats handlers",
		old: `	if err := h.stream.whyEnded(); err != nil {
		return err
	}
	h.events`,
		new: `	h.events`,
	},
	edit{
		does: "a response after the end is no error",
		old:  `			return h.stream.whyEnded()`,
		new:  `			return nil`,
	},
	edit{
		does: "a header that was only set is not told to stats handlers",
		old:  `	if h.isObserved() && h.stream.hasUnsentHeader() {`,
		new:  `	if false {`,
	},
	edit{
		does: "a header that is empty is told to stats handlers before an error",
		old:  `	if h.isObserved() && h.stream.hasUnsentHeader() {`,
		new:  `	if h.isObserved() {`,
	},
	edit{
		does: "the handler's context ends while its response is lent",
		old: `; !h.hasLent {
		h.stream.cancelHandler()`,
		new: `; true {
		h.stream.cancelHandler()`,
	},
	edit{
		does: "the handler's context does not end with its RPC",
		old: `; !h.hasLent {
		h.stream.cancelHandler()`,
		new: `; false {
		h.stream.cancelHandler()`,
	},
	edit{
		does: "the trailer that stats handlers see is the handler's",
		old:  `		trailer = trailer.Copy()`,
		new:  ``,
	},
	edit{
		does: "details that a handler has set by itself are told beside those of its status",
		old:  `		if wire.HasDetails(err) {`,
		new:  `		if false {`,
	},
	edit{
		does: "the key connection is answered with a status",
		old: `		c.stream.end(byNetwork, c.err)
		return nil`,
		new: `		c.sendStatus(c.err)
		return nil`,
	},
	edit{
		does: "stats handlers tag no unknown method",
		old:  `	case c.isTagged:`,
		new:  `	case false:`,
	},
	edit{
		does: "stats handlers do not see a malformed method",
		old:  `	case c.isParsed:`,
		new:  `	case false:`,
	},
), in("internal/rpc/handlercontext.go",
	edit{
		does: "a later deadline of the caller replaces that of the connection",
		old:  `(!ok || c.deadline.Before(deadline))`,
		new:  `true`,
	},
	edit{
		does: "a deadline of the connection replaces that of the caller",
		old:  `(!ok || c.deadline.Before(deadline))`,
		new:  `!ok`,
	},
	edit{
		does: "all handlers of a connection share a peer",
		old:  `		return &c.peer`,
		new:  `		return &c.call.conn.serverPeer`,
	},
	edit{
		does: "stats handlers see a transport stream",
		old: `		if c.isTagged {
			return nil
		}`,
		new: ``,
	},
	edit{
		does: "a handler does not find its caller's context",
		old: `			return caller.ctx
		}`,
		new: `			return nil
		}`,
	},
	edit{
		does: "a context prints its contents",
		old:  `return fmt.Sprintf("inprocchain.handlerContext(%s)", c.call.fullMethod)`,
		new:  `return fmt.Sprintf("inprocchain.handlerContext(%s, %v)", c.call.fullMethod, c.metadata)`,
	},
	edit{
		does: "only the handler that makes an RPC counts, and none before it",
		old:  `			ctx = caller.ctx`,
		new:  `			return`,
	},
	edit{
		does: "a version without a key is accepted",
		old:  `	if recorder.key == nil {`,
		new:  `	if false {`,
	},
), in("internal/rpc/goexit.go",
	edit{
		does: "a panic counts as runtime.Goexit",
		old:  `			return false`,
		new:  `			return true`,
	},
	edit{
		does: "runtime.Goexit counts as a panic",
		old:  `			return true`,
		new:  `			return false`,
	},
), in("internal/rpc/serverstream.go",
	edit{
		does: "stats handlers see the handler's own error",
		old: `	s.sendStatus(err)
	return err`,
		new: `	s.sendStatus(err)
	return nil`,
	},
	edit{
		does: "stream interceptors run for a method without a stream",
		old:  `s.server.streamChain == nil || !s.clientStreams && !s.serverStreams:`,
		new:  `s.server.streamChain == nil:`,
	},
	edit{
		does: "SetHeader does not validate",
		old: `	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.handlerCall.SetHeader(md)`,
		new: `	return s.handlerCall.SetHeader(md)`,
	},
	edit{
		does: "SendHeader does not validate",
		old: `	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.handlerCall.SendHeader(md)`,
		new: `	return s.handlerCall.SendHeader(md)`,
	},
	edit{
		does: "an error of SendMsg does not end the RPC",
		old: `	if err != nil {
		s.abort(err)
	}
	return err`,
		new: `	return err`,
	},
	edit{
		does: "the caller of a stream that was aborted waits for the handler",
		old:  `		s.stream.release()`,
		new:  ``,
	},
	edit{
		does: "the first message is sent without a header",
		old:  `		err = s.sendHeader(nil, nil)`,
		new:  ``,
	},
	edit{
		does: "a message after a header that is lost is an error",
		old:  `	if err != nil && err != errHeaderLost {`,
		new:  `	if err != nil {`,
	},
	edit{
		does: "a header that is lost does not end the RPC",
		old:  `	if err == errHeaderLost { // The handler`,
		new:  `	if false { // The handler`,
	},
	edit{
		does: "SendMsg does not look at the clock",
		old: `		s.stream.noticeEnd()
		switch`,
		new: `		switch`,
	},
	edit{
		does: "SendMsg after the end succeeds",
		old:  `			return s.stream.whyEnded()`,
		new:  `			return nil`,
	},
	edit{
		does: "an error of RecvMsg does not end the RPC",
		old: `	if err != nil && err != io.EOF {
		s.abort(err)
	}`,
		new: ``,
	},
	edit{
		does: "a missing request is io.EOF",
		old:  `		return wire.ErrNoRequest`,
		new:  `		return io.EOF`,
	},
	edit{
		does: "io.EOF after the only request is a missing request",
		old:  `	s.hasMessage = true`,
		new:  ``,
	},
	edit{
		does: "a second request is ignored",
		old:  `		return wire.ErrSecondRequest`,
		new:  `		return nil`,
	},
	edit{
		does: "receiving is not guarded",
		race: true,
		old: `	s.stream.mu.Lock()
	defer s.stream.mu.Unlock()
	for {`,
		new: `	for {`,
	},
	edit{
		does: "a handler that has seen io.EOF sees the end of its context",
		old: `		case s.sawEnd:
			return message.Copy{}, io.EOF`,
		new: `		case s.sawEnd && s.stream.ended == notEnded:
			return message.Copy{}, io.EOF`,
	},
	edit{
		does: "a request is received after the end",
		old: `		case s.stream.ended != notEnded:
			return`,
		new: `		case s.stream.ended != notEnded && requests.isEmpty():
			return`,
	},
))
