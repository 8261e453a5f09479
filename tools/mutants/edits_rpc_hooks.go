package main

var rpcHooksEdits = in("internal/rpc/hooks.go",
	edit{
		does: "a unary interceptor that was replaced is not noticed",
		old:  `	case h.unary.Pointer() != h.unaryFunc:`,
		new:  `	case false:`,
	},
	edit{
		does: "a stream interceptor that was replaced is not noticed",
		by:   "internal/conformance/reliability TestReplacedChainFailsEveryRPC",
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
		by:   "internal/conformance/reliability TestReplacedChainFailsEveryRPC",
		old:  `	case !h.clientStats.IsNil():`,
		new:  `	case false:`,
	},
	edit{
		does: "a cloner that was replaced is not noticed",
		by:   "internal/conformance/reliability TestReplacedChainFailsEveryRPC",
		old:  `	case !h.ownsCloner():`,
		new:  `	case false:`,
	},
	edit{
		does: "a pointer to another cloner counts as the Channel's own",
		by:   "internal/conformance/reliability TestReplacedChainFailsEveryRPC",
		old:  `cloner.Kind() == reflect.Pointer && cloner.Pointer() == reflect.ValueOf(h.ownCloner).Pointer()`,
		new:  `cloner.Kind() == reflect.Pointer`,
	},
)
