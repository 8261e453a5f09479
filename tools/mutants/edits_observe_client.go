package main

var observeClientEdits = in("internal/observe/client.go",
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
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old: `		event = new(stats.OutPayload)
	}
	*event`,
		new: `	}
	*event`,
	},
	edit{
		does: "all InPayload events of a client's stream are one",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old: `		event = new(stats.InPayload)
	}
	*event`,
		new: `	}
	*event`,
	},
	edit{
		does: "a client's End has no trailer",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old:  `		Trailer:   trailer,`,
		new:  ``,
	},
	edit{
		does: "a client's Begin is not told whether the RPC waits for a connection",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old:  `			FailFast:       failFast,`,
		new:  ``,
	},
	edit{
		does: "TagRPC is not told whether the RPC waits for a connection",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old:  `FullMethodName: method, FailFast: failFast}`,
		new:  `FullMethodName: method}`,
	},
	edit{
		does: "a client's End begins at another time than its Begin",
		by:   "internal/conformance/connection TestStatsHandlersAreToldAsOnANetwork",
		old:  `BeginTime: c.begin.BeginTime,`,
		new:  `BeginTime: time.Now(),`,
	},
)
