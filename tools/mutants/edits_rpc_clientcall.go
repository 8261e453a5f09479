package main

var rpcClientcallEdits = in("internal/rpc/clientcall.go",
	edit{
		does: "OnFinish is not called for an RPC that is refused at once",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `		c.opts.onFinish(err)`,
		new:  ``,
	},
	edit{
		does: "invalid metadata is sent",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `	if err := wire.Validate(c.metadata); err != nil {`,
		new:  `	if err := wire.Validate(nil); err != nil {`,
	},
	edit{
		does: "a codec is ignored",
		by:   "internal/conformance/codecs TestBuffersOfACodecAreFreedAndNotUsedAfterwards",
		old:  `if err := c.setCodec(); err != nil {`,
		new:  `if err := error(nil); err != nil {`,
	},
	edit{
		does: "a compressor that is not registered is accepted",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `if err := c.opts.checkCompressor(); err != nil {`,
		new:  `if err := error(nil); err != nil {`,
	},
	edit{
		does: "grpc.CallAuthority is ignored",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `		c.setRequest()`,
		new:  ``,
	},
	edit{
		does: "an RPC whose context has ended begins",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old: `	case hasEnded(c.ctx):
		return wire.ContextStatus(c.ctx)
	case c.client`,
		new: `	case false:
		return wire.ContextStatus(c.ctx)
	case c.client`,
	},
	edit{
		does: "an RPC on a closed ClientConn begins",
		by:   "internal/conformance/connection TestStatsHandlersSeeNoRPCOnAClosedClientConn",
		old:  `	case c.client.clientConn.IsClosed():`,
		new:  `	case false:`,
	},
	edit{
		does: "a codec changes the format of all RPCs of its client",
		by:   "internal/conformance/codecs TestCodecOfACallIsNotThatOfTheNext",
		old:  `	c.format = &named`,
		new:  `	*c.client.format = named`,
	},
	edit{
		does: "a server that does not know a codec's name does not decode",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `			server = message.RegisteredCodec("proto")`,
		new:  `			server = client`,
	},
	edit{
		does: "responses are encoded with the caller's codec",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `named.toClient = &message.Transfer{Encode: server, Decode: client}`,
		new:  `named.toClient = &message.Transfer{Encode: client, Decode: client}`,
	},
	edit{
		does: "a content subtype alone is not sent",
		by:   "internal/conformance/codecs TestCodecsOfACallWorkAsOnANetwork",
		old:  `authority != usual.Authority || c.format.contentType != usual.ContentType`,
		new:  `authority != usual.Authority`,
	},
	edit{
		does: "RPCs do not wait for stats handlers of the connection",
		by:   "internal/conformance/connection TestEachClientHasAConnection",
		old:  `	err = client.conn.begin(c)`,
		new:  `	go client.conn.begin(c)`,
	},
	edit{
		does: "an RPC is made though its connection has not begun",
		by:   "internal/conformance/motion TestCanceledRPCReachesNoHandlerWhileConnectionBegins",
		old: `	if err != nil {
		return nil, err
	}
	added, err :=`,
		new: `	added, err :=`,
	},
	edit{
		does: "an RPC whose credentials fail is made",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old: `	added, err := c.credentialsMetadata()
	if err != nil {
		return nil, err
	}`,
		new: `	added, _ := c.credentialsMetadata()`,
	},
	edit{
		does: "an RPC is sent after its deadline",
		by:   "internal/conformance/differential TestRPCFailsIfItsDeadlineHasPassedButItsContextHasNotEnded",
		old:  `	if c.isPastDeadline() {`,
		new:  `	if false {`,
	},
	edit{
		does: "the metadata of credentials alone is not sent",
		by:   "internal/conformance/docs TestDifferences",
		old:  `len(c.metadata) > 0 || len(added) > 0 || c.request`,
		new:  `len(c.metadata) > 0 || c.request`,
	},
	edit{
		does: "an authority without metadata is not sent",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old:  ` || c.request != &client.conn.request {`,
		new:  ` {`,
	},
	edit{
		does: "an RPC does not know its ClientConn",
		by:   "internal/conformance/connection TestNothingIsSentAfterCloseOfAClientConn",
		old:  `	call.stream.clientConn = client.clientConn`,
		new:  ``,
	},
	edit{
		does: "the context of an RPC that is refused does not end",
		by:   ". TestRefusedRPCsLeaveNothingBehind",
		old: `		call.stream.cancelHandler()
		return nil, err`,
		new: `		return nil, err`,
	},
	edit{
		does: "the caller's own context does not count if stats handlers add to it",
		by:   "internal/conformance/connection TestCallersReturnAfterTheServersEnd",
		old: `	c.given = c.ctx
	c.events`,
		new: `	c.events`,
	},
	edit{
		does: "metadata that a client's stats handlers add is not sent",
		by:   "internal/conformance/scenarios TestUnknownMethodsFailAsOnANetwork",
		old: `	c.setDeadline(c.ctx)
	c.metadata, _ = metadata.FromOutgoingContext(c.ctx)`,
		new: `	c.setDeadline(c.ctx)`,
	},
	edit{
		does: "what a client's stats handlers add to the context is lost",
		by:   "internal/conformance/connection TestContextsDeriveFromTagConnAsOnANetwork",
		old:  `	c.ctx = c.events.Context()`,
		new:  ``,
	},
	edit{
		does: "credentials are asked after Shutdown",
		by:   "internal/conformance/connection TestStoppedServerLeavesClientsAlone",
		old:  `	if err := c.client.server.refusal(cmp.Or(c.given, c.ctx)); err != nil {`,
		new:  `	if err := c.client.server.refusal(cmp.Or(c.given, c.ctx)); false {`,
	},
	edit{
		does: "all RPCs share the peer of their caller",
		by:   "internal/conformance/details TestPeerMayBeChanged",
		old: `	p := c.client.conn.clientPeer
	return peer.NewContext(ctx, &p)`,
		new: `	return peer.NewContext(ctx, &c.client.conn.clientPeer)`,
	},
	edit{
		does: "OutHeader has the usual authority",
		by:   "internal/conformance/connection TestHeadersOfHTTP2AreSetAsOnANetwork",
		old:  `	if c.request.Authority != conn.request.Authority {`,
		new:  `	if false {`,
	},
	edit{
		does: "InHeader is told twice",
		by:   ". TestInterceptorsRunInTheOrderGiven",
		old:  `c.events != nil && !c.toldHeader,`,
		new:  `c.events != nil,`,
	},
	edit{
		does: "InTrailer is told twice",
		by:   "internal/conformance/telemetry TestEveryRPCHasTwoSpansOnEveryPath",
		old:  `c.events != nil && !c.toldTrailer,`,
		new:  `c.events != nil,`,
	},
	edit{
		does: "call options are not set",
		by:   "internal/conformance/docs TestDifferences",
		old:  `	c.opts.deliver(&c.client.conn.clientPeer, c.stream)`,
		new:  ``,
	},
	edit{
		does: "call options are set after stats handlers have seen the end",
		by:   "internal/conformance/connection TestCallOptionsAreSetAfterTheEndIsTold",
		old: `	if c.events != nil {
		c.events.End(c.stream.receivedTrailer(), err)
	}
	c.opts.deliver(&c.client.conn.clientPeer, c.stream)`,
		new: `	c.opts.deliver(&c.client.conn.clientPeer, c.stream)
	if c.events != nil {
		c.events.End(c.stream.receivedTrailer(), err)
	}`,
	},
	edit{
		does: "a server's stats handlers do not see sizes",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
		old:  `c.events != nil || server.stats != nil || server.maxRecvSize >= 0`,
		new:  `c.events != nil || server.maxRecvSize >= 0`,
	},
	edit{
		does: "a client's stats handlers do not see sizes",
		by:   "internal/conformance/connection TestWireLengthOfAMessageIncludesItsPrefix",
		old: `return isLimited || c.events != nil
`,
		new: `return isLimited
`,
	},
	edit{
		does: "limits do not see sizes",
		by:   ". ExampleWithDefaultCallOptions",
		old: `return isLimited || c.events != nil
`,
		new: `return c.events != nil || false && isLimited
`,
	},
	edit{
		does: "a client that is closed before it sends anything sends it",
		by:   "internal/conformance/motion TestClientThatIsClosedEarlySendsNothing",
		old: `	if client.clientConn.IsClosed() {
		return nil, wire.ErrClientConnClosing
	}`,
		new: ``,
	},
)
