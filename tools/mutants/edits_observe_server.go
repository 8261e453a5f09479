package main

var observeServerEdits = in("internal/observe/server.go",
	edit{
		does: "the length of a request on the network leaves out the prefix",
		by:   "internal/conformance/connection TestWireLengthOfAMessageIncludesItsPrefix",
		old: `		WireLength:       size + framing,
		RecvTime`,
		new: `		WireLength:       size,
		RecvTime`,
	},
	edit{
		does: "the length of a response on the network leaves out the prefix",
		by:   "internal/conformance/connection TestWireLengthOfAMessageIncludesItsPrefix",
		old: `		WireLength:       size + framing,
		SentTime`,
		new: `		WireLength:       size,
		SentTime`,
	},
	edit{
		does: "TagRPC of a server's stats handlers comes after InHeader",
		by:   "internal/conformance/connection TestContextsDeriveFromTagConnAsOnANetwork",
		old: `	s.ctx = handler.TagRPC(ctx, &s.tag)
	handler.HandleRPC(s.ctx, &s.inHeader)`,
		new: `	handler.HandleRPC(ctx, &s.inHeader)
	s.ctx = handler.TagRPC(ctx, &s.tag)`,
	},
	edit{
		does: "an RPC with a malformed method crashes without stats handlers",
		by:   "internal/conformance/connection TestMalformedMethodWithoutStatsHandlersFailsAsOnANetwork",
		old: `	if handler == nil {
		return nil
	}
	return &Server{handler: handler, ctx: ctx}`,
		new: `	return &Server{handler: handler, ctx: ctx}`,
	},
	edit{
		does: "a server's OutHeader has the handler's metadata",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old:  `stats.OutHeader{Header: header.Copy()}`,
		new:  `stats.OutHeader{Header: header}`,
	},
	edit{
		does: "a server's End is told though the RPC has not begun",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `s.begin.BeginTime.IsZero() || !s.end`,
		new:  `!s.end`,
	},
	edit{
		does: "a server's End is told twice",
		by:   "internal/conformance/connection TestEndIsToldOnceThoughItsStatsHandlerCallsGoexit",
		old:  ` || !s.end.EndTime.IsZero() {`,
		new:  ` {`,
	},
	edit{
		does: "a server's End has the context of TagRPC",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old:  `	s.handler.HandleRPC(ctx, &s.end)`,
		new:  `	s.handler.HandleRPC(s.ctx, &s.end); _ = ctx`,
	},
)
