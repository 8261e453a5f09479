package analyzer

import (
	"fmt"
	"go/ast"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// checkInstrumentedTwice finds servers and channels that have otelgrpc both as an
// interceptor and as a stats handler.
func (c *checker) checkInstrumentedTwice() {
	for cur := range c.all((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		if optionOf := c.optionsOf(call); optionOf != nil {
			c.instrumentedTwice(cur, call, optionOf)
		}
	}
	for cur, body := range c.bodies() {
		c.hookedTwice(cur, body)
	}
}

// instrumentedTwice reports options of call that contain otelgrpc twice.
func (c *checker) instrumentedTwice(cur inspector.Cursor, call *ast.CallExpr, optionOf func(*ast.CallExpr) (interceptorKinds, bool)) {
	handlers := c.optionElements(call, optionOf, noInterceptor)
	for _, kind := range []interceptorKinds{unaryServer, streamServer} {
		c.twice(cur, handlers, c.optionElements(call, optionOf, kind))
	}
}

// hookedTwice reports the channels in a function on which otelgrpc is set twice.
func (c *checker) hookedTwice(cur inspector.Cursor, body *ast.BlockStmt) {
	handlers, interceptors := make(map[place][]element), make(map[place][]element)
	for _, call := range calls(body) {
		_, name := c.hookOf(call)
		if name == "" || name == "WithClientStatsHandler" {
			continue
		}
		on := interceptors
		if isStatsHook(name) {
			on = handlers
		}
		for _, e := range c.elements(call.Args[0], call.Pos()) {
			e.conditions = append(e.conditions, c.conditions(call)...)
			on[c.placeOf(call)] = append(on[c.placeOf(call)], e)
		}
	}
	for p, some := range handlers {
		c.twice(cur, some, interceptors[p])
	}
}

// twice reports the interceptors of otelgrpc if its stats handler is there, too.
func (c *checker) twice(cur inspector.Cursor, handlers, interceptors []element) {
	for _, i := range interceptors {
		if !c.isOtelInterceptor(i.expr) {
			continue
		}
		for _, h := range handlers {
			if !c.isOtelHandler(h.expr) || excludes(i.conditions, h.conditions) {
				continue
			}
			c.found(cur, analysis.Diagnostic{
				Pos:      i.expr.Pos(),
				End:      i.expr.End(),
				Category: "twice",
				Message: fmt.Sprintf("otelgrpc is on the same server as an interceptor here and as a stats handler in line %d, so every RPC has two spans; "+
					"keep the stats handler", c.line(h.expr.Pos())),
				Related: []analysis.RelatedInformation{{Pos: h.expr.Pos(), Message: "the stats handler"}},
			}, false)
			break
		}
	}
}
