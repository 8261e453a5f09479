package analyzer

import "go/ast"

// An optionsOf has the elements of the options of a server, a channel or a chain, by kind.
// Stats handlers have the kind noInterceptor.
type optionsOf map[interceptorKinds][]ast.Expr

// serverOptions are the options of grpc and of inprocchain with server interceptors and
// stats handlers.
var serverOptions = map[string]interceptorKinds{
	"UnaryInterceptor":             unaryServer,
	"ChainUnaryInterceptor":        unaryServer,
	"WithUnaryServerInterceptors":  unaryServer,
	"StreamInterceptor":            streamServer,
	"ChainStreamInterceptor":       streamServer,
	"WithStreamServerInterceptors": streamServer,
	"StatsHandler":                 noInterceptor,
	"WithServerStatsHandlers":      noInterceptor,
}

// optionsOf returns the options of call, if that makes a network server, an in-process
// channel or a chain.
func (c *checker) optionsOf(call *ast.CallExpr) optionsOf {
	if !c.callsOneOf(call, grpcPath, "NewServer") && !c.callsOneOf(call, inprocchainPath, "New", "Wrap", "NewChain") {
		return nil
	}
	options := make(optionsOf)
	for _, arg := range call.Args {
		for _, e := range c.elements(arg, call) {
			option, ok := ast.Unparen(e).(*ast.CallExpr)
			if !ok {
				continue
			}
			fn := c.callee(option)
			if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != grpcPath && fn.Pkg().Path() != inprocchainPath {
				continue
			}
			if kind, ok := serverOptions[fn.Name()]; ok {
				for _, arg := range option.Args {
					options[kind] = append(options[kind], c.elements(arg, option)...)
				}
			}
		}
	}
	return options
}
