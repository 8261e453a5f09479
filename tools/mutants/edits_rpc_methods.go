package main

var rpcMethodsEdits = in("internal/rpc/methods.go",
	edit{
		does: "registering changes the caller's service description",
		old:  `	guarded.Streams = slices.Clone(desc.Streams)`,
		new:  `	_ = slices.Clone(desc.Streams)`,
	},
	edit{
		does: "stream handlers run though a hook was replaced",
		by:   "internal/conformance/reliability TestHandlersRefuseAfterAnyHooksAreReplacedTogether",
		old: `		guarded.Streams[i].Handler = func(_ any, stream grpc.ServerStream) error {
			if err := s.checkHooks(); err != nil {`,
		new: `		guarded.Streams[i].Handler = func(_ any, stream grpc.ServerStream) error {
			if err := s.checkHooks(); false {`,
	},
	edit{
		does: "a method without a leading slash is known",
		by:   "internal/conformance/scenarios TestUnknownMethodsFailAsOnANetwork",
		old:  `	if !ok || slash < 0 {`,
		new:  `	if !ok && false || slash < 0 {`,
	},
	edit{
		does: "an unknown method has an unknown service",
		by:   "internal/conformance/connection TestServerStatsOfRPCsWithoutARequestAreAsOnANetwork",
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
		by:   "internal/conformance/details TestUnusualMethodsAreServedAsOnANetwork",
		old:  `!strings.Contains(name, "/") && wire.IsPath(fullMethod)`,
		new:  `wire.IsPath(fullMethod)`,
	},
	edit{
		does: "the services are read with each RPC",
		old:  `	m.reading.Do(func() { m.known.Store(m.table(fullMethod)) })`,
		new:  `	m.known.Store(m.table(fullMethod))`,
	},
)
