package main

var observeClientEdits = in("internal/observe/client.go",
	edit{
		does: "a client's OutHeader has the caller's metadata",
		old:  `header[key] = append([]string(nil), values...)`,
		new:  `header[key] = values`,
	},
	edit{
		does: "a client's OutHeader has no user agent",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old:  `	header[wire.UserAgentKey] = []string{userAgent}`,
		new:  `	_, _ = userAgent, wire.UserAgentKey`,
	},
	edit{
		does: "a client's events have no peer",
		by:   "internal/conformance/connection TestAddressesAreSetAsOnANetwork",
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
)
