package main

import "slices"

var observeEdits = slices.Concat(in("internal/observe/client.go",
	edit{
		does: "a client's OutHeader has the caller's metadata",
		old:  `header[key] = append([]string(nil), values...)`,
		new:  `header[key] = values`,
	},
	edit{
		does: "a client's OutHeader has no user agent",
		old:  `	header[wire.UserAgentKey] = []string{userAgent}`,
		new:  `	_, _ = userAgent, wire.UserAgentKey`,
	},
	edit{
		does: "a client's events have no peer",
		old: `	c.ctx = ctx
	c.outHeader = common`,
		new: `	c.outHeader = common`,
	},
	edit{
		does: "all OutPayload events of a client's stream are one",
		old: `		event = new(stats.OutPayload)
	}
	*event`,
		new: `	}
	*event`,
	},
	edit{
		does: "all InPayload events of a client's stream are one",
		old: `		event = new(stats.InPayload)
	}
	*event`,
		new: `	}
	*event`,
	},
	edit{
		does: "the events of a stream of responses are one",
		old:  `return c.begin.IsClientStream || c.begin.IsServerStream`,
		new:  `return c.begin.IsClientStream`,
	},
	edit{
		does: "the events of a stream of requests are one",
		old:  `return c.begin.IsClientStream || c.begin.IsServerStream`,
		new:  `return c.begin.IsServerStream`,
	},
	edit{
		does: "a client's End has a trailer though nothing was sent",
		old:  `	if c.outHeader.Client { // Otherwise`,
		new:  `	if trailer != nil || !c.outHeader.Client { c.end.Trailer = map[string][]string{} }; if true { // Otherwise`,
	},
	edit{
		does: "a client's End has no trailer",
		old:  `		c.end.Trailer = trailer`,
		new:  ``,
	},
	edit{
		does: "a client's Begin is not told whether the RPC waits for a connection",
		old:  `			FailFast:       failFast,`,
		new:  ``,
	},
	edit{
		does: "TagRPC is not told whether the RPC waits for a connection",
		old:  `FullMethodName: method, FailFast: failFast}`,
		new:  `FullMethodName: method}`,
	},
	edit{
		does: "a client's End begins at another time than its Begin",
		old:  `BeginTime: c.begin.BeginTime,`,
		new:  `BeginTime: time.Now(),`,
	},
), in("internal/observe/observe.go",
	edit{
		does: "the last stats handler tags RPCs first",
		old: `	for _, handler := range c {
		ctx = handler.TagRPC(ctx, info)
	}`,
		new: `	for i := range c {
		ctx = c[len(c)-1-i].TagRPC(ctx, info)
	}`,
	},
	edit{
		does: "the last stats handler is called first",
		old: `	for _, handler := range c {
		handler.HandleRPC(ctx, event)
	}`,
		new: `	for i := range c {
		c[len(c)-1-i].HandleRPC(ctx, event)
	}`,
	},
	edit{
		does: "only the last tag of a connection counts",
		old:  `ctx = handler.TagConn(ctx, info)`,
		new:  `ctx, _ = handler.TagConn(context.Background(), info), ctx`,
	},
	edit{
		does: "only the first stats handler is told of connections",
		old:  `		handler.HandleConn(ctx, event)`,
		new:  `		handler.HandleConn(ctx, event); break`,
	},
	edit{
		does: "ConnBegin is told with the context before TagConn",
		old: `	ctx = handler.TagConn(ctx, &stats.ConnTagInfo{RemoteAddr: addr, LocalAddr: addr})
	handler.HandleConn(ctx`,
		new: `	untagged := ctx
	ctx = handler.TagConn(ctx, &stats.ConnTagInfo{RemoteAddr: addr, LocalAddr: addr})
	handler.HandleConn(untagged`,
	},
	edit{
		does: "a client's OutHeader has no authority",
		old:  `if authorityField != nil {`,
		new:  `if false {`,
	},
), in("internal/observe/server.go",
	edit{
		does: "the length of a request on the network leaves out the prefix",
		old: `		WireLength:       size + framing,
		RecvTime`,
		new: `		WireLength:       size,
		RecvTime`,
	},
	edit{
		does: "the length of a response on the network leaves out the prefix",
		old: `		WireLength:       size + framing,
		SentTime`,
		new: `		WireLength:       size,
		SentTime`,
	},
	edit{
		does: "TagRPC of a server's stats handlers comes after InHeader",
		old: `	s.ctx = handler.TagRPC(ctx, &s.tag)
	handler.HandleRPC(s.ctx, &s.inHeader)`,
		new: `	handler.HandleRPC(ctx, &s.inHeader)
	s.ctx = handler.TagRPC(ctx, &s.tag)`,
	},
	edit{
		does: "an RPC with a malformed method crashes without stats handlers",
		old: `	if handler == nil {
		return nil
	}
	return &Server{handler: handler, ctx: ctx}`,
		new: `	return &Server{handler: handler, ctx: ctx}`,
	},
	edit{
		does: "a server's OutHeader has the handler's metadata",
		old:  `stats.OutHeader{Header: header.Copy()}`,
		new:  `stats.OutHeader{Header: header}`,
	},
	edit{
		does: "a server's End is told though the RPC has not begun",
		old:  `s.begin.BeginTime.IsZero() || !s.end`,
		new:  `!s.end`,
	},
	edit{
		does: "a server's End is told twice",
		old:  ` || !s.end.EndTime.IsZero() {`,
		new:  ` {`,
	},
	edit{
		does: "a server's End has the context of TagRPC",
		old:  `	s.handler.HandleRPC(ctx, &s.end)`,
		new:  `	s.handler.HandleRPC(s.ctx, &s.end); _ = ctx`,
	},
))
