package main

var observeEdits = in("internal/observe/observe.go",
	edit{
		does: "the last stats handler tags RPCs first",
		by:   "internal/conformance/connection TestContextsDeriveFromTagConnAsOnANetwork",
		old: `	for _, handler := range c {
		ctx = handler.TagRPC(ctx, info)
	}`,
		new: `	for i := range c {
		ctx = c[len(c)-1-i].TagRPC(ctx, info)
	}`,
	},
	edit{
		does: "the last stats handler is called first",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old: `	for _, handler := range c {
		handler.HandleRPC(ctx, event)
	}`,
		new: `	for i := range c {
		c[len(c)-1-i].HandleRPC(ctx, event)
	}`,
	},
	edit{
		does: "only the last tag of a connection counts",
		by:   "internal/conformance/connection TestContextsDeriveFromTagConnAsOnANetwork",
		old:  `ctx = handler.TagConn(ctx, info)`,
		new:  `ctx, _ = handler.TagConn(context.Background(), info), ctx`,
	},
	edit{
		does: "only the first stats handler is told of connections",
		by:   "internal/conformance/connection TestContextsDeriveFromTagConnAsOnANetwork",
		old:  `		handler.HandleConn(ctx, event)`,
		new:  `		handler.HandleConn(ctx, event); break`,
	},
	edit{
		does: "ConnBegin is told with the context before TagConn",
		by:   "internal/conformance/connection TestContextsDeriveFromTagConnAsOnANetwork",
		old: `	ctx = handler.TagConn(ctx, &stats.ConnTagInfo{RemoteAddr: addr, LocalAddr: addr})
	handler.HandleConn(ctx`,
		new: `	untagged := ctx
	ctx = handler.TagConn(ctx, &stats.ConnTagInfo{RemoteAddr: addr, LocalAddr: addr})
	handler.HandleConn(untagged`,
	},
	edit{
		does: "a client's OutHeader has no authority",
		by:   "internal/conformance/connection TestAddressesAreSetAsOnANetwork",
		old:  `if authorityField != nil {`,
		new:  `if false {`,
	},
)
