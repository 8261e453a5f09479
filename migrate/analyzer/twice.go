package analyzer

import (
	"fmt"
	"go/ast"

	"golang.org/x/tools/go/analysis"
)

// checkInstrumentedTwice finds servers and channels that have otelgrpc both as an
// interceptor and as a stats handler.
func (c *checker) checkInstrumentedTwice() {
	for cur, call := range c.calls() {
		options := c.optionsOf(call)
		for _, kind := range []interceptorKinds{unaryServer, streamServer} {
			for _, i := range options[kind] {
				h := c.otelHandler(options)
				if h == nil || !c.isOtelInterceptor(i) || c.exclusive(h, i) {
					continue
				}
				c.found(cur, analysis.Diagnostic{
					Pos:      i.Pos(),
					End:      i.End(),
					Category: "twice",
					Message: fmt.Sprintf("otelgrpc is on the same server as an interceptor here and as a stats handler in line %d, so every RPC has two spans; "+
						"keep the stats handler", c.line(h.Pos())),
					Related: []analysis.RelatedInformation{{Pos: h.Pos(), Message: "the stats handler"}},
				}, false)
			}
		}
	}
}

// otelHandler returns otelgrpc's server stats handler among the options, if it is there.
func (c *checker) otelHandler(options optionsOf) ast.Expr {
	for _, e := range options[noInterceptor] {
		if obj := c.identity(e); obj != nil && isObject(obj, otelgrpcPath, "NewServerHandler") {
			return e
		}
	}
	return nil
}

// isOtelInterceptor reports whether e is one of otelgrpc's server interceptors.
func (c *checker) isOtelInterceptor(e ast.Expr) bool {
	obj := c.identity(e)
	return obj != nil && (isObject(obj, otelgrpcPath, "UnaryServerInterceptor") || isObject(obj, otelgrpcPath, "StreamServerInterceptor"))
}
