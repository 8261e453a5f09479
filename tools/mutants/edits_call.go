package main

import "slices"

var callEdits = slices.Concat(in("internal/rpc/client.go",
	edit{
		does: "Invoke of a streaming method is made as a unary RPC",
		old:  `if found == nil || found.unary == nil {`,
		new:  `if found == nil {`,
	},
	edit{
		does: "a client of a ClientConn changes the Channel's",
		old: `	on := *c
	on.clientConn = conn
	return &on`,
		new: `	c.clientConn = conn
	return c`,
	},
), in("internal/rpc/clientcall.go",
	edit{
		does: "OnFinish is not called for an RPC that is refused at once",
		old:  `		c.opts.onFinish(err)`,
		new:  ``,
	},
	edit{
		does: "invalid metadata is sent",
		old:  `	if err := wire.Validate(c.metadata); err != nil {`,
		new:  `	if err := wire.Validate(nil); err != nil {`,
	},
	edit{
		does: "a codec is ignored",
		old:  `if err := c.setCodec(); err != nil {`,
		new:  `if err := error(nil); err != nil {`,
	},
	edit{
		does: "a compressor that is not registered is accepted",
		old:  `if err := c.opts.checkCompressor(); err != nil {`,
		new:  `if err := error(nil); err != nil {`,
	},
	edit{
		does: "grpc.CallAuthority is ignored",
		old:  `		c.setRequest()`,
		new:  ``,
	},
	edit{
		does: "an RPC whose context has ended begins",
		old:  `	case c.ctx.Err() != nil:`,
		new:  `	case false:`,
	},
	edit{
		does: "an RPC on a closed ClientConn begins",
		old:  `	case c.client.clientConn.isClosed():`,
		new:  `	case false:`,
	},
	edit{
		does: "a codec changes the format of all RPCs of its client",
		old:  `	c.format = &named`,
		new:  `	*c.client.format = named`,
	},
	edit{
		does: "a server that does not know a codec's name does not decode",
		old:  `			server = message.RegisteredCodec("proto")`,
		new:  `			server = client`,
	},
	edit{
		does: "responses are encoded with the caller's codec",
		old:  `named.toClient = &message.Transfer{Encode: server, Decode: client}`,
		new:  `named.toClient = &message.Transfer{Encode: client, Decode: client}`,
	},
	edit{
		does: "a content subtype alone is not sent",
		old:  `authority != usual.Authority || c.format.contentType != usual.ContentType`,
		new:  `authority != usual.Authority`,
	},
	edit{
		does: "RPCs do not wait for stats handlers of the connection",
		old:  `	err = client.conn.begin(client.server, c)`,
		new:  `	go client.conn.begin(client.server, c)`,
	},
	edit{
		does: "an RPC is made though its connection has not begun",
		old: `	if err != nil {
		return nil, err
	}
	added, err :=`,
		new: `	added, err :=`,
	},
	edit{
		does: "an RPC whose credentials fail is made",
		old: `	added, err := c.credentialsMetadata()
	if err != nil {
		return nil, err
	}`,
		new: `	added, _ := c.credentialsMetadata()`,
	},
	edit{
		does: "an RPC is sent after its deadline",
		old: `if deadline, ok := c.ctx.Deadline(); ok && time.Until(deadline) <= 0 {
		return nil`,
		new: `if deadline, ok := c.ctx.Deadline(); ok && time.Until(deadline) <= 0 && false {
		return nil`,
	},
	edit{
		does: "the metadata of credentials alone is not sent",
		old:  `len(c.metadata) > 0 || len(added) > 0 || c.request`,
		new:  `len(c.metadata) > 0 || c.request`,
	},
	edit{
		does: "an authority without metadata is not sent",
		old:  ` || c.request != &client.conn.request {`,
		new:  ` {`,
	},
	edit{
		does: "an RPC does not know its ClientConn",
		old:  `	call.stream.clientConn = client.clientConn`,
		new:  ``,
	},
	edit{
		does: "the context of an RPC that is refused does not end",
		old: `		call.stream.cancelHandler()
		return nil, err`,
		new: `		return nil, err`,
	},
	edit{
		does: "the connection of a client may end before its RPCs",
		old: `	client.conn.enter()
	c.stream`,
		new: `	c.stream`,
	},
	edit{
		does: "the caller's own context does not count if stats handlers add to it",
		old: `	c.given = c.ctx
	c.events`,
		new: `	c.events`,
	},
	edit{
		does: "metadata that a client's stats handlers add is not sent",
		old: `	c.ctx = c.events.Context()
	c.metadata, _ = metadata.FromOutgoingContext(c.ctx)`,
		new: `	c.ctx = c.events.Context()`,
	},
	edit{
		does: "what a client's stats handlers add to the context is lost",
		old:  `	c.ctx = c.events.Context()`,
		new:  ``,
	},
	edit{
		does: "credentials are asked after Shutdown",
		old: `	if err := c.client.server.refusal(c.ctx); err != nil {
		return nil, err
	}
	return wire`,
		new: `	return wire`,
	},
	edit{
		does: "all RPCs share the peer of their caller",
		old: `	p := c.client.conn.clientPeer
	return peer.NewContext(ctx, &p)`,
		new: `	return peer.NewContext(ctx, &c.client.conn.clientPeer)`,
	},
	edit{
		does: "OutHeader has the usual authority",
		old:  `	if c.request.Authority != conn.request.Authority {`,
		new:  `	if false {`,
	},
	edit{
		does: "a deadline that has passed is not noticed before its timer",
		old:  `ok && !time.Now().Before(deadline)`,
		new:  `ok && false && !time.Now().Before(deadline)`,
	},
	edit{
		does: "InHeader is told twice",
		old:  `c.events != nil && !c.toldHeader,`,
		new:  `c.events != nil,`,
	},
	edit{
		does: "InTrailer is told twice",
		old:  `c.events != nil && !c.toldTrailer,`,
		new:  `c.events != nil,`,
	},
	edit{
		does: "call options are not set",
		old:  `	c.opts.deliver(&c.client.conn.clientPeer, c.stream)`,
		new:  ``,
	},
	edit{
		does: "call options are set after stats handlers have seen the end",
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
		does: "the connection of a client does not end after its last RPC",
		old:  `	c.client.conn.leave()`,
		new:  ``,
	},
	edit{
		does: "a server's stats handlers do not see sizes",
		old:  `return c.client.server.stats != nil || c.asksForSizes()`,
		new:  `return c.asksForSizes()`,
	},
	edit{
		does: "a client's stats handlers do not see sizes",
		old: `	if c.events != nil {
		return true
	}
	_, _, limited`,
		new: `	_, _, limited`,
	},
	edit{
		does: "limits do not see sizes",
		old: `	return limited
}`,
		new: `	return limited && false
}`,
	},
), in("internal/rpc/calloptions.go",
	edit{
		does: "options of an interceptor are changed in place",
		old:  `		opts = slices.Clone(opts)`,
		new:  `		_ = slices.Clone(opts)`,
	},
	edit{
		does: "an embedded option is ignored",
		old:  `			if opt := embeddedOption(v.Field(i)); opt != nil {`,
		new:  `			if opt := embeddedOption(v.Field(i)); false {`,
	},
	edit{
		does: "a nil pointer to an option crashes",
		old: `		if v.IsNil() {
			return nil
		}`,
		new: ``,
	},
	edit{
		does: "all callers share one peer",
		old:  `			*opt.PeerAddr = *from`,
		new:  `			*opt.PeerAddr = peer.Peer{}`,
	},
	edit{
		does: "grpc.WaitForReady is ignored",
		old:  `			failFast = opt.FailFast`,
		new:  `			_ = opt`,
	},
	edit{
		does: "the name of a codec keeps its capitals",
		old:  `strings.ToLower(forcedName)`,
		new:  `strings.Clone(forcedName)`,
	},
	edit{
		does: "a content subtype without a codec is accepted",
		old:  `	if registered == nil {`,
		new:  `	if false {`,
	},
	edit{
		does: "an identity compressor is refused",
		old:  `name == "" || name == encoding.Identity || `,
		new:  `name == "" || `,
	},
	edit{
		does: "the first limit holds",
		old:  `send, limited = opt.MaxSendMsgSize, true`,
		new:  `send, limited = min(send, opt.MaxSendMsgSize), true`,
	},
	edit{
		does: "a message as large as its limit is refused",
		old:  `_, limit, _ := o.limits(); size > limit`,
		new:  `_, limit, _ := o.limits(); size >= limit`,
	},
))
