package main

import "slices"

var streamEdits = slices.Concat(in("internal/rpc/clientstream.go",
	edit{
		does: "OnFinish is not called for a stream that cannot be opened",
		old: `		s.opts.onFinish(err)
		s.cancelContext()`,
		new: `		s.cancelContext()`,
	},
	edit{
		does: "the context of a stream that cannot be opened does not end",
		old: `		s.opts.onFinish(err)
		s.cancelContext()`,
		new: `		s.opts.onFinish(err)`,
	},
	edit{
		does: "the context of a stream does not end before OnFinish",
		old: `		s.opts.onFinish(err)
		s.cancelContext()`,
		new: `		s.cancelContext()
		s.opts.onFinish(err)`,
	},
	edit{
		does: "the context of a stream has no peer",
		old:  `	s.streamCtx = s.withPeer(s.ctx)`,
		new:  `	s.streamCtx = s.ctx`,
	},
	edit{
		does: "a stream goes on after stats handlers have panicked",
		old: `			s.stream.end(byClient, wire.ErrCanceled)
			s.answerUnserved()`,
		new: `			s.answerUnserved()`,
	},
	edit{
		does: "an unserved RPC stays in flight after stats handlers have panicked",
		old: `			s.stream.end(byClient, wire.ErrCanceled)
			s.answerUnserved()`,
		new: `			s.stream.end(byClient, wire.ErrCanceled)`,
	},
	edit{
		does: "the context of a stream does not end after stats handlers have panicked",
		old: `			s.answerUnserved()
			s.cancelContext()`,
		new: `			s.answerUnserved()`,
	},
	edit{
		does: "the context of a stream is not watched",
		old: `	s.watch()
	s.look()`,
		new: `	s.look()`,
	},
	edit{
		does: "NewStream does not tell what has arrived",
		old: `	s.watch()
	s.look()`,
		new: `	s.watch()`,
	},
	edit{
		does: "a stream whose header a server refuses reaches the handler",
		old:  `	if refused != nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "an unknown method that is invoked is answered before its request",
		old:  `	if !s.isInvoke {`,
		new:  `	if true {`,
	},
	edit{
		does: "an unknown method that is invoked is not answered",
		old: `	defer s.answerUnserved()
	return`,
		new: `	return`,
	},
	edit{
		does: "Header does not end a stream that has failed",
		old: `	s.finish(err)
	return nil, nil`,
		new: `	_ = err
	return nil, nil`,
	},
	edit{
		does: "Header waits for a header that is lost",
		old:  `arrived.header || isLost || arrived.isOver`,
		new:  `arrived.header || isLost && false || arrived.isOver`,
	},
	edit{
		does: "callers of Header are not counted",
		old:  `		s.headerWaiters++`,
		new:  ``,
	},
	edit{
		does: "callers of Header are counted for good",
		old:  `		s.headerWaiters--`,
		new:  ``,
	},
	edit{
		does: "an error of SendMsg does not end a stream",
		old: `	if err != nil && err != io.EOF {
		s.finish(err)`,
		new: `	if err != nil && err != io.EOF {`,
	},
	edit{
		does: "SendMsg ends a stream that the server has ended",
		old:  `	if err != nil && err != io.EOF {`,
		new:  `	if err != nil {`,
	},
	edit{
		does: "SendMsg of the only request returns io.EOF",
		old: `	if s.desc.ClientStreams {
		return err
	}
	return nil`,
		new: `	return err`,
	},
	edit{
		does: "a second request is sent",
		old: `		s.sendClosed = true
	}`,
		new: `	}`,
	},
	edit{
		does: "a request is sent after CloseSend",
		old: `	s.sendClosed = true
	s.stream.noticeEnd()`,
		new: `	s.stream.noticeEnd()`,
	},
	edit{
		does: "a request beyond the limit is sent",
		old:  `if err := s.opts.checkSend(size); err != nil {`,
		new:  `if err := s.opts.checkSend(size); false {`,
	},
	edit{
		does: "SendMsg does not look at the clock",
		old: `		s.stream.noticeEnd()
		s.look()
		if isDone`,
		new: `		s.look()
		if isDone`,
	},
	edit{
		does: "SendMsg does not tell what has arrived",
		old: `		s.stream.noticeEnd()
		s.look()
		if isDone`,
		new: `		s.stream.noticeEnd()
		if isDone`,
	},
	edit{
		does: "CloseSend does not look at the clock",
		old: `	s.stream.noticeEnd()
	s.look()
	s.messages`,
		new: `	s.look()
	s.messages`,
	},
	edit{
		does: "CloseSend does not tell what has arrived",
		old: `	s.stream.noticeEnd()
	s.look()
	s.messages`,
		new: `	s.stream.noticeEnd()
	s.messages`,
	},
	edit{
		does: "a second response does not end a unary stream",
		old:  `		s.finish(wire.ErrSecondResponse) // grpc-go`,
		new:  `		// grpc-go`,
	},
	edit{
		does: "a stream without a response succeeds",
		old:  `			status = wire.ErrNoResponse`,
		new:  ``,
	},
	edit{
		does: "a response beyond the limit is received",
		old:  `if err := s.opts.checkReceived(size); err != nil {`,
		new:  `if err := s.opts.checkReceived(size); false {`,
	},
	edit{
		does: "a response beyond the limit does not end the stream",
		old: `checkReceived(size); err != nil {
		s.finish(err)`,
		new: `checkReceived(size); err != nil {`,
	},
	edit{
		does: "a response that cannot be decoded does not end the stream",
		old: `HandOver(m, &next); err != nil {
		s.finish(err)`,
		new: `HandOver(m, &next); err != nil {`,
	},
	edit{
		does: "a unary stream forgets its response",
		old:  `	s.hasMessage = true`,
		new:  ``,
	},
	edit{
		does: "a response is received before the header is told",
		old:  `		case s.hasUntold(): // It`,
		new:  `		case false: // It`,
	},
	edit{
		does: "RecvMsg does not look at the clock",
		old: `		t.noticeEnd()
		s.look()`,
		new: `		s.look()`,
	},
), in("internal/rpc/clientstreamend.go",
	edit{
		does: "the goroutine that watches the context tells the end while the caller is in a method",
		old: `	if s.calls.Load() > 0 {
		return
	}`,
		new: ``,
	},
	edit{
		does: "an RPC that the caller's context has ended is not finished",
		old: `	s.calls.Add(-1)
	s.settle()`,
		new: `	s.calls.Add(-1)`,
	},
	edit{
		does: "an RPC that noticeEnd has ended is not finished",
		old:  `	if err == nil && s.stream.ended == byClient {`,
		new:  `	if false {`,
	},
	edit{
		does: "settling is not guarded",
		race: true,
		old: `	s.stream.mu.Lock()
	err := s.abandonedWith
	if err == nil && s.stream.ended == byClient {
		err = s.stream.status
	}
	s.stream.mu.Unlock()`,
		new: `	err := s.abandonedWith
	if err == nil && s.stream.ended == byClient {
		err = s.stream.status
	}`,
	},
	edit{
		does: "the caller's own context is not watched if stats handlers have detached it",
		old:  `	if s.given != nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "the context of a stream is watched after the end",
		old:  `		s.stopTagged()`,
		new:  ``,
	},
	edit{
		does: "the caller's own context is watched after the end",
		old:  `		s.stopGiven()`,
		new:  ``,
	},
	edit{
		does: "a ClientConn keeps streams that have ended",
		old:  `	s.clientConnEntry.Leave()`,
		new:  ``,
	},
	edit{
		does: "closing a ClientConn waits for callers",
		old:  `{ go s.abandon(err) }`,
		new:  `{ s.abandon(err) }`,
	},
	edit{
		does: "the last reason to abandon a stream counts",
		old:  `	if s.abandonedWith == nil {`,
		new:  `	if true {`,
	},
	edit{
		does: "closing a ClientConn ends a stream as its context does",
		old:  `		return byConnection`,
		new:  `		return byClient`,
	},
	edit{
		does: "a stream is watched after the end",
		old: `	s.stopWatching()
	s.stream.end`,
		new: `	s.stream.end`,
	},
	edit{
		does: "an error of the caller does not end the RPC",
		old: `	s.stream.end(s.endedBy(err), err)
	s.tellFinish`,
		new: `	s.tellFinish`,
	},
	edit{
		does: "OnFinish comes before stats handlers see the end",
		old: `	s.tellFinish(reported)
	s.opts.onFinish(reported)`,
		new: `	s.opts.onFinish(reported)
	s.tellFinish(reported)`,
	},
	edit{
		does: "the context of a stream has ended when OnFinish is called",
		old: `	s.opts.onFinish(reported)
	s.cancelContext()`,
		new: `	s.cancelContext()
	s.opts.onFinish(reported)`,
	},
	edit{
		does: "the context of a stream does not end",
		old: `	s.opts.onFinish(reported)
	s.cancelContext()`,
		new: `	s.opts.onFinish(reported)`,
	},
	edit{
		does: "nobody is told that stats handlers have seen the end",
		old: `		s.hasFinished = true
		s.told.Broadcast()`,
		new: `		s.hasFinished = true`,
	},
	edit{
		does: "what has arrived at the end is not told",
		old: `	s.look()
	s.tellEnd(err)`,
		new: `	s.tellEnd(err)`,
	},
	edit{
		does: "a second call does not wait until the first one has told the end",
		old: `		for !s.hasFinished {
			s.told.Wait()
		}`,
		new: ``,
	},
	edit{
		does: "a stream ends twice for its caller",
		old:  `	s.isFinishing = true`,
		new:  ``,
	},
	edit{
		does: "stats handlers see the error of RecvMsg if Header waits",
		old:  `		return wire.ErrClosingBeforeHeader, true`,
		new:  `		return err, true`,
	},
	edit{
		does: "nobody is told that events have been told",
		old: `		s.isTelling = false
		s.told.Broadcast()`,
		new: `		s.isTelling = false`,
	},
	edit{
		does: "a call does not wait until another one has told events",
		old: `	for s.isTelling {
		s.told.Wait()
	}`,
		new: ``,
	},
	edit{
		does: "a response is received while another call tells events",
		old:  `return s.isTelling || untold.header`,
		new:  `return untold.header`,
	},
	edit{
		does: "the trailer is told after the last response is received",
		old: `untold.header || untold.trailer
}`,
		new: `untold.header
}`,
	},
), in("internal/rpc/messages.go",
	edit{
		does: "requests stay in the queue after the end",
		old:  `		m.requests.drop()`,
		new:  ``,
	},
	edit{
		does: "a change does not wake the handler",
		old:  `	m.requests.changed.Broadcast()`,
		new:  ``,
	},
	edit{
		does: "a change does not wake the caller",
		old:  `	m.responses.changed.Broadcast()`,
		new:  ``,
	},
	edit{
		does: "putting is not guarded",
		race: true,
		old: `	m.stream.mu.Lock()
	defer m.stream.mu.Unlock()
	switch {`,
		new: `	switch {`,
	},
	edit{
		does: "a message is put after the end",
		old: `	case m.stream.ended != notEnded:
		return true, false`,
		new: `	case false:
		return true, false`,
	},
	edit{
		does: "a stalled stream takes any number of messages",
		old:  `	case to.isFull():`,
		new:  `	case false:`,
	},
	edit{
		does: "the receiver of the only request waits for the end",
		old:  `	if isLast {`,
		new:  `	if false {`,
	},
	edit{
		does: "CloseSend is not guarded",
		race: true,
		old: `	m.stream.mu.Lock()
	defer m.stream.mu.Unlock()
	if m.stream.ended == notEnded {`,
		new: `	if m.stream.ended == notEnded {`,
	},
	edit{
		does: "CloseSend after the end lets the handler see io.EOF",
		old:  `	if m.stream.ended == notEnded {`,
		new:  `	if true {`,
	},
	edit{
		does: "messages are counted twice",
		old:  `		q.bytes += next.bytes`,
		new:  `		q.bytes += 2 * next.bytes`,
	},
	edit{
		does: "a message that was taken is retained",
		old:  `	q.messages[q.head] = queued{}`,
		new:  ``,
	},
	edit{
		does: "a sender that waits is not woken when there is room",
		old: `wasFull && q.bytes-next.bytes < window {
		q.changed.Broadcast()`,
		new: `wasFull && q.bytes-next.bytes < window {`,
	},
	edit{
		does: "the memory of a message counts after it was taken",
		old:  `	q.bytes -= next.bytes`,
		new:  ``,
	},
	edit{
		does: "messages that were taken count as not measured",
		old:  `	q.counted = max(q.counted, q.head)`,
		new:  ``,
	},
	edit{
		does: "an empty queue keeps the places of a long one",
		old:  `	case q.isEmpty() && cap(q.messages) > keptPlaces:`,
		new:  `	case false:`,
	},
	edit{
		does: "the places of messages that were taken pile up",
		old:  `	case q.head >= len(q.messages)/2:`,
		new:  `	case false:`,
	},
	edit{
		does: "messages that were moved to the front are also retained behind",
		old:  `		clear(q.messages[left:])`,
		new:  ``,
	},
	edit{
		does: "messages that were moved to the front count as not measured",
		old:  `q.messages[:left], q.counted-q.head, 0`,
		new:  `q.messages[:left], 0, 0`,
	},
	edit{
		does: "closing does not wake the receiver",
		old: `	q.isClosed = true
	q.changed.Broadcast()`,
		new: `	q.isClosed = true`,
	},
	edit{
		does: "a new message does not wake the receiver",
		old: `	q.messages = append(q.messages, queued{Copy: m})
	q.changed.Broadcast()`,
		new: `	q.messages = append(q.messages, queued{Copy: m})`,
	},
))
