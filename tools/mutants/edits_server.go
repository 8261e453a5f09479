package main

import "slices"

var directEdits = in("internal/rpc/direct.go",
	edit{
		does: "reserved keys of a header reach inprocgrpc",
		old:  `below.SendHeader(wire.Traveling(header))`,
		new:  `below.SendHeader(header)`,
	},
	edit{
		does: "the trailer does not reach inprocgrpc",
		old:  `		rpc.setTrailer = below.SetTrailer`,
		new:  ``,
	},
	edit{
		does: "a handler that is written by hand has no caller",
		old:  `		caller.ctx = ctx // A`,
		new:  `		caller.ctx = context.Background() // A`,
	},
	edit{
		does: "services may be registered after a direct RPC",
		old:  `	s.methods.read() // Later`,
		new:  `	// Later`,
	},
	edit{
		does: "a direct RPC does not wait for stats handlers of its connection",
		old: `	if err := s.direct.begin(s, caller); err != nil {
		return nil, err
	}`,
		new: ``,
	},
	edit{
		does: "direct RPCs are accepted after Shutdown",
		old:  `	if err := s.accept(caller.ctx, &rpc.handlerCall); err != nil {`,
		new:  `	if err := s.accept(caller.ctx, &rpc.handlerCall); false {`,
	},
	edit{
		does: "the context of a direct RPC that is refused does not end",
		old: `		rpc.stream.cancelHandler()
		return nil, err`,
		new: `		return nil, err`,
	},
	edit{
		does: "a direct RPC goes on after its context has ended",
		old:  `func() { rpc.stream.end(byClient, wire.ContextStatus(ctx)) })`,
		new:  `func() {})`,
	},
	edit{
		does: "Close counts a direct RPC as not started",
		old:  `	rpc.stream.claimed = true`,
		new:  ``,
	},
	edit{
		does: "a direct handler sees the header's reserved keys",
		old:  `maps.Copy(header, wire.Traveling(sent))`,
		new:  `maps.Copy(header, sent)`,
	},
	edit{
		does: "the values of a direct RPC's context hide those of its connection",
		old:  `	return c.parent.Value(key)`,
		new:  `	return nil`,
	},
	edit{
		does: "the context of a direct unary RPC is watched after the end",
		old: `	defer rpc.stopWatching()
	rpc.begin(false, false)`,
		new: `	rpc.begin(false, false)`,
	},
	edit{
		does: "the context of a direct stream is watched after the end",
		old: `	defer rpc.stopWatching()
	rpc.begin(info`,
		new: `	rpc.begin(info`,
	},
	edit{
		does: "the request of a direct RPC is not told",
		old:  `		rpc.events.InPayload(req, message.Size(req))`,
		new:  ``,
	},
	edit{
		does: "a direct RPC that returns no response and the code OK succeeds",
		old:  `		return nil, wire.ErrNoResponse`,
		new:  `		return copied, nil`,
	},
	edit{
		does: "a direct RPC keeps its response",
		old:  `	empty := message.Copy{} // The`,
		new:  `	empty := *copied // The`,
	},
	edit{
		does: "a direct stream sends a header that is not valid",
		old: `	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.SendHeader(md)`,
		new: `	return s.rpc.SendHeader(md)`,
	},
	edit{
		does: "a direct stream sets a header that is not valid",
		old: `	if err := wire.Validate(md); err != nil {
		return err
	}
	return s.rpc.SetHeader(md)`,
		new: `	return s.rpc.SetHeader(md)`,
	},
	edit{
		does: "a direct stream sends after the end",
		old: `	err := s.rpc.sendHeader(nil, nil)
	if err == errHeaderLost {`,
		new: `	err := s.rpc.sendHeader(nil, nil)
	if err != nil && err != errHeaderLost {
		err = nil
	}
	if err == errHeaderLost {`,
	},
	edit{
		does: "a header of a direct stream that is lost does not end it",
		old:  `		s.rpc.stream.loseHeader()`,
		new:  ``,
	},
	edit{
		does: "an error of a direct stream does not end it",
		old: `	s.rpc.sendStatus(err)
	return err`,
		new: `	return err`,
	},
	edit{
		does: "an error of inprocgrpc reaches a direct handler without a status",
		old: `	if err != io.EOF {
		err = wire.HandlerStatus(err)
	}`,
		new: ``,
	},
	edit{
		does: "a response of a direct stream is not told",
		old:  `		s.rpc.events.OutPayload(m, message.Size(m))`,
		new:  ``,
	},
	edit{
		does: "a request of a direct stream is not told",
		old:  `		s.rpc.events.InPayload(m, message.Size(m))`,
		new:  ``,
	},
	edit{
		does: "messages are copied though a hook was replaced",
		old: `func (c *directCloner) Clone(in any) (any, error) {
	if err := c.server.checkHooks(); err != nil {
		return nil, err
	}`,
		new: `func (c *directCloner) Clone(in any) (any, error) {`,
	},
	edit{
		does: "messages are handed over though a hook was replaced",
		old: `	} else if err := c.server.checkHooks(); err != nil {
		return err
	}`,
		new: `	}`,
	},
)

var serverEdits = slices.Concat(in("internal/rpc/server.go",
	edit{
		does: "RPCs on a connection go on after a hook was replaced",
		old: `	if err := s.checkHooks(); err != nil {
		return err
	}
	return s.inFlight.Enter`,
		new: `	return s.inFlight.Enter`,
	},
	edit{
		does: "credentials are asked after a hook was replaced",
		old: `	if err := s.checkHooks(); err != nil {
		return err
	}
	return s.inFlight.refusal`,
		new: `	return s.inFlight.refusal`,
	},
	edit{
		does: "services that were registered before Wrap are not guarded",
		old:  `	s.registerAgain()`,
		new:  ``,
	},
	edit{
		does: "Shutdown ends the connections of RPCs that are left",
		old: `		return err
	}
	s.endConnections()`,
		new: `		s.endConnections()
		return err
	}
	s.endConnections()`,
	},
	edit{
		does: "Close does not end connections",
		old: `	s.inFlight.Close()
	s.endConnections()`,
		new: `	s.inFlight.Close()`,
	},
	edit{
		does: "a connection begins after all have ended",
		old: `	if s.isShutDown {
		return false
	}`,
		new: ``,
	},
	edit{
		does: "connections end twice",
		old:  `	s.connections, s.isShutDown = nil, true`,
		new:  `	s.isShutDown = true`,
	},
	edit{
		does: "adding connections is not guarded",
		race: true,
		old: `	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isShutDown {`,
		new: `	if s.isShutDown {`,
	},
	edit{
		does: "the stack of a handler grows bit by bit",
		old: `	var room [4 << 10]byte
	return first(&room)`,
		new:  `	return 0`,
		same: "It is a matter of time alone; see BenchmarkServerInterceptors.",
	},
), in("internal/rpc/methods.go",
	edit{
		does: "registering changes the caller's service description",
		old:  `	guarded.Streams = slices.Clone(desc.Streams)`,
		new:  `	_ = slices.Clone(desc.Streams)`,
	},
	edit{
		does: "stream handlers run though a hook was replaced",
		old:  `			if err := s.checkHooks(); err != nil {`,
		new:  `			if err := s.checkHooks(); false {`,
	},
	edit{
		does: "a method without a leading slash is known",
		old:  `	if !ok || slash < 0 {`,
		new:  `	if !ok && false || slash < 0 {`,
	},
	edit{
		does: "a method that is not UTF-8 is in the status",
		old:  `	name = string([]rune(name))`,
		new:  ``,
	},
	edit{
		does: "an unknown method has an unknown service",
		old:  `	if known.services[service] {`,
		new:  `	if false {`,
	},
	edit{
		does: "a stream takes precedence over a unary method of the same name",
		old: `		for i := range desc.Streams {
			table.add(desc.ServiceName, desc.Streams[i].StreamName, &method{impl: impl, stream: &desc.Streams[i]})
		}
		for i := range desc.Methods { // A unary method takes precedence, as in grpc-go.
			table.add(desc.ServiceName, desc.Methods[i].MethodName, &method{impl: impl, unary: desc.Methods[i].Handler})
		}`,
		new: `		for i := range desc.Methods { // A unary method takes precedence, as in grpc-go.
			table.add(desc.ServiceName, desc.Methods[i].MethodName, &method{impl: impl, unary: desc.Methods[i].Handler})
		}
		for i := range desc.Streams {
			table.add(desc.ServiceName, desc.Streams[i].StreamName, &method{impl: impl, stream: &desc.Streams[i]})
		}`,
	},
	edit{
		does: "a method whose name has a slash is called",
		old:  `	if !strings.Contains(name, "/") {`,
		new:  `	if true {`,
	},
	edit{
		does: "the services are read with each RPC",
		old: `	if known := m.known.Load(); known != nil {
		return known
	}`,
		new: `	m.known.Store(nil)`,
	},
), in("internal/rpc/hooks.go",
	edit{
		does: "a unary interceptor that was replaced is not noticed",
		old:  `	case h.unary.Pointer() != h.unaryFunc:`,
		new:  `	case false:`,
	},
	edit{
		does: "a stream interceptor that was replaced is not noticed",
		old:  `	case h.stream.Pointer() != h.streamFunc:`,
		new:  `	case false:`,
	},
	edit{
		does: "a server stats handler that was set is not noticed",
		old:  `	case !h.serverStats.IsNil():`,
		new:  `	case false:`,
	},
	edit{
		does: "a client stats handler that was set is not noticed",
		old:  `	case !h.clientStats.IsNil():`,
		new:  `	case false:`,
	},
	edit{
		does: "a cloner that was replaced is not noticed",
		old:  `	case !h.ownsCloner():`,
		new:  `	case false:`,
	},
	edit{
		does: "the cloner of another Channel counts as this one's",
		old:  `cloner.Kind() == reflect.Pointer && cloner.Pointer() == h.ownCloner`,
		new:  `cloner.Kind() == reflect.Pointer`,
	},
))

// These need an update when fallback.go is replaced.
var fallbackEdits = in("internal/rpc/fallback.go",
	edit{
		does: "a stream never leaves",
		old:  `		rpc.entry.Leave()`,
		new:  ``,
	},
	edit{
		does: "the context of an RPC that has ended goes on",
		old: `		rpc.end(nil)
		rpc.entry`,
		new: `		rpc.entry`,
	},
	edit{
		does: "a ClientConn keeps RPCs that have ended",
		old:  `		rpc.clientConnEntry.Leave()`,
		new:  ``,
	},
	edit{
		does: "a closed ClientConn accepts RPCs",
		old:  `	if f.clientConn.isClosed() {`,
		new:  `	if false {`,
	},
	edit{
		does: "RPCs are accepted after Shutdown",
		old:  `method, rpc); err != nil { // From`,
		new:  `method, rpc); err != nil && false { // From`,
	},
	edit{
		does: "the context of an RPC that is refused does not end",
		old: `		end(nil)
		return nil, nil, err`,
		new: `		return nil, nil, err`,
	},
	edit{
		does: "closing a ClientConn ends no RPC",
		old:  `	rpc.clientConnEntry = f.clientConn.watch(caller, method, rpc)`,
		new:  ``,
	},
	edit{
		does: "Close ends no RPC",
		old:  `{ rpc.end(err) }`,
		new:  `{}`,
	},
	edit{
		does: "OnFinish is not called for a unary RPC that is refused",
		old: `		callOptions(opts).onFinish(err)
		return err`,
		new: `		return err`,
	},
	edit{
		does: "OnFinish is not called for a stream that is refused",
		old: `		callOptions(opts).onFinish(err)
		return nil, err`,
		new: `		return nil, err`,
	},
	edit{
		does: "a unary RPC never leaves",
		old: `	defer rpc.leave()
	return closedStatus`,
		new: `	_ = rpc.leave
	return closedStatus`,
	},
	edit{
		does: "a stream that cannot be opened never leaves",
		old: `		defer rpc.leave()
		return nil`,
		new: `		_ = rpc.leave
		return nil`,
	},
	edit{
		does: "an RPC that Close ends has the other connection's error",
		old:  `isOurs && status.Code(err) == codes.Canceled`,
		new:  `isOurs && false && status.Code(err) == codes.Canceled`,
	},
	edit{
		does: "an RPC that Close ends has its error though another one came first",
		old:  `isOurs && status.Code(err) == codes.Canceled`,
		new:  `isOurs && (true || status.Code(err) == codes.Canceled)`,
	},
	edit{
		does: "a stream whose context ends stays in flight",
		old:  `	context.AfterFunc(ctx, rpc.leave)`,
		new:  ``,
	},
	edit{
		does: "RecvMsg does not end a stream that has ended",
		old:  `	if err != nil || !s.serverStreams {`,
		new:  `	if !s.serverStreams {`,
	},
	edit{
		does: "a stream with one response stays in flight",
		old:  `	if err != nil || !s.serverStreams {`,
		new:  `	if err != nil {`,
	},
	edit{
		does: "SendMsg does not end a stream that has failed",
		old:  `	return s.leaveFor(err)`,
		new:  `	return err`,
	},
	edit{
		does: "Header does not end a stream that has failed",
		old:  `	return header, s.leaveFor(err)`,
		new:  `	return header, err`,
	},
	edit{
		does: "SendMsg ends a stream whose status RecvMsg would return",
		old:  `	if err == nil || err == io.EOF {`,
		new:  `	if err == nil || err == io.EOF && false {`,
	},
	edit{
		does: "services that are registered here are called there",
		old:  `return !f.server.methods.has(fullMethod)`,
		new:  `return true`,
	},
)
