package main

var rpcMessagesEdits = in("internal/rpc/messages.go",
	edit{
		does: "requests stay in the queue after the end",
		by:   "internal/rpc TestEndDropsWhatNobodyAwaits",
		old:  `		m.requests.dropUnawaited()`,
		new:  ``,
	},
	edit{
		does: "a change does not wake the handler",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old: `		m.requests.dropUnawaited()
	}
	m.requests.changed.Broadcast()`,
		new: `		m.requests.dropUnawaited()
	}`,
	},
	edit{
		does: "a change does not wake the caller",
		by:   "internal/conformance/connection TestCallersReturnAfterTheServersEnd",
		old: `	m.responses.changed.Broadcast()
}

// put adds a message to one`,
		new: `}

// put adds a message to one`,
	},
	edit{
		does: "a connection that ends after the RPC is told",
		by:   "internal/conformance/motion TestRecvMsgKeepsTheErrorOfTheConnectionsContext",
		old: `	if m.stream.ended == notEnded {
		m.connectionEnded`,
		new: `	if true {
		m.connectionEnded`,
	},
	edit{
		does: "a handler waits in SendMsg after the end of its connection's context",
		by:   "internal/conformance/motion TestContextFromTagConnEndsStreamOfWaitingHandler",
		old:  `m.connectionEnded != nil:`,
		new:  `false:`,
	},
	edit{
		does: "a caller stops waiting in SendMsg when the context of the handler's connection ends",
		by:   "internal/conformance/motion TestContextFromTagConnLeavesWaitingCallerAlone",
		old:  ` && to == &m.responses`,
		new:  ``,
	},
	edit{
		does: "the end of a connection's context does not wake a handler that sends",
		by:   "internal/conformance/motion TestContextFromTagConnEndsStreamOfWaitingHandler",
		old: `	m.responses.changed.Broadcast()
}

// whyConnectionEnded`,
		new: `}

// whyConnectionEnded`,
	},
	edit{
		does: "putting is not guarded",
		by:   "internal/rpc TestSenderWaitsForRoom",
		race: true,
		old: `	m.stream.mu.Lock()
	defer m.stream.mu.Unlock()
	switch {`,
		new: `	switch {`,
	},
	edit{
		does: "a message is put after the end",
		by:   "internal/conformance/connection TestLateActionsOfAHandlerAreAsOnANetwork",
		old: `	case m.stream.ended != notEnded:
		return true, false`,
		new: `	case false:
		return true, false`,
	},
	edit{
		does: "a stalled stream takes any number of messages",
		by:   "internal/rpc TestSenderWaitsForRoom",
		old:  `	case to.isFull():`,
		new:  `	case false:`,
	},
	edit{
		does: "the receiver of the only request waits for the end",
		by:   "internal/rpc TestReceiverIsWoken",
		old:  `	if isLast {`,
		new:  `	if false {`,
	},
	edit{
		does: "CloseSend is not guarded",
		by:   ". TestClientInterceptorsNeedNoGoroutines",
		race: true,
		old: `	m.stream.mu.Lock()
	defer m.stream.mu.Unlock()
	if m.stream.ended == notEnded {
		m.requests.close()`,
		new: `	if m.stream.ended == notEnded {
		m.requests.close()`,
	},
	edit{
		does: "CloseSend after the end lets the handler see io.EOF",
		by:   "internal/rpc TestEndDropsWhatNobodyAwaits",
		old: `	if m.stream.ended == notEnded {
		m.requests.close()`,
		new: `	if true {
		m.requests.close()`,
	},
	edit{
		does: "messages are counted twice",
		by:   "internal/rpc TestSenderWaitsForRoom",
		old:  `		q.bytes += next.bytes`,
		new:  `		q.bytes += 2 * next.bytes`,
	},
	edit{
		does: "a message that was taken is retained",
		by:   "internal/rpc TestEmptyQueueIsSmall",
		old:  `	q.messages[q.head] = queued{}`,
		new:  ``,
	},
	edit{
		does: "a sender that waits is not woken when there is room",
		by:   "internal/rpc TestSenderWaitsForRoom",
		old: `if q.bytes >= window && q.bytes-next.bytes < window {
		q.changed.Broadcast()`,
		new: `if q.bytes >= window && q.bytes-next.bytes < window {`,
	},
	edit{
		does: "a new message does not wake the receiver",
		by:   "internal/rpc TestReceiverIsWoken",
		old: `	q.messages = append(q.messages, m)
	q.changed.Broadcast()`,
		new: `	q.messages = append(q.messages, m)`,
	},
	edit{
		does: "the memory of a message counts after it was taken",
		by:   "internal/rpc TestEmptyQueueIsSmall",
		old:  `	q.bytes -= next.bytes`,
		new:  ``,
	},
	edit{
		does: "messages that were taken count as not measured",
		by:   "internal/rpc TestEmptyQueueIsSmall",
		old:  `	q.counted = max(q.counted, q.head)`,
		new:  ``,
	},
	edit{
		does: "an empty queue keeps the places of a long one",
		by:   "internal/rpc TestEmptyQueueIsSmall",
		old:  `	case q.isEmpty() && cap(q.messages) > keptPlaces:`,
		new:  `	case false:`,
	},
	edit{
		does: "the places of messages that were taken pile up",
		by:   "internal/rpc TestQueueHoldsOnlyItsMessages",
		old:  `	case q.head >= len(q.messages)/2:`,
		new:  `	case false:`,
	},
	edit{
		does: "messages that were moved to the front are also retained behind",
		by:   "internal/rpc TestEmptyQueueIsSmall",
		old:  `		clear(q.messages[left:])`,
		new:  ``,
	},
	edit{
		does: "messages that were moved to the front count as not measured",
		by:   "internal/rpc TestEmptyQueueIsSmall",
		old:  `q.messages[:left], q.counted-q.head, 0`,
		new:  `q.messages[:left], 0, 0`,
	},
	edit{
		does: "closing does not wake the receiver",
		by:   "internal/rpc TestReceiverIsWoken",
		old: `	q.isClosed = true
	q.changed.Broadcast()`,
		new: `	q.isClosed = true`,
	},
)
