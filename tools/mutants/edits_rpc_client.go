package main

var rpcClientEdits = in("internal/rpc/client.go",
	edit{
		does: "Invoke of a streaming method is made as a unary RPC",
		by:   "internal/conformance/scenarios TestStreamingMethodsAreCalledByInvokeAsOnANetwork",
		old:  `if found == nil || found.unary == nil {`,
		new:  `if found == nil {`,
	},
	edit{
		does: "a client of a ClientConn changes the Channel's",
		by:   ". TestNewClientHasItsOwnClientConn",
		old: `	on := *c
	on.clientConn = conn
	return &on`,
		new: `	c.clientConn = conn
	return c`,
	},
)
