package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

// checkSpans finds server interceptors that add events to the span of their
// context and are listed before otelgrpc's interceptor, which starts that span.
func (c *checker) checkSpans() {
	reported := c.insideOtelHandler()
	for cur, call := range c.calls() {
		for _, list := range c.serverLists(call) {
			early, otel := c.beforeOtel(list)
			for _, e := range early {
				if reported[e.Pos()] {
					continue
				}
				reported[e.Pos()] = true
				c.found(cur, analysis.Diagnostic{
					Pos:      e.Pos(),
					End:      e.End(),
					Category: "spans",
					Message: fmt.Sprintf("this interceptor adds events to the span of its context, but runs outside otelgrpc's interceptor (line %d), which starts the span, "+
						"so the events are lost; use otelgrpc.NewServerHandler() with inprocchain.WithServerStatsHandlers(…) and grpc.StatsHandler(…), which are outside every interceptor", c.line(otel.Pos())),
					Related: []analysis.RelatedInformation{{Pos: otel.Pos(), Message: "the span is started here"}},
				}, false)
			}
		}
	}
}

// insideOtelHandler returns the positions of the interceptors of servers that also have
// otelgrpc's stats handler. It starts a span outside of all of them.
func (c *checker) insideOtelHandler() map[token.Pos]bool {
	inside := make(map[token.Pos]bool)
	for _, call := range c.calls() {
		options := c.optionsOf(call)
		if c.otelHandler(options) == nil {
			continue
		}
		for _, elements := range options {
			for _, e := range elements {
				inside[e.Pos()] = true
			}
		}
	}
	return inside
}

// serverLists returns the lists of unary and stream server interceptors that call
// is given, in order. For grpc.NewServer they are those of its options.
func (c *checker) serverLists(call *ast.CallExpr) [][]ast.Expr {
	if options := c.optionsOf(call); options != nil {
		return [][]ast.Expr{options[unaryServer], options[streamServer]}
	}
	if c.info.Types[ast.Unparen(call.Fun)].IsBuiltin() {
		return nil // append
	}
	lists := make(map[interceptorKinds][]ast.Expr)
	for _, arg := range c.interceptorArgs(call) {
		for _, e := range c.elements(arg, call) {
			kind := interceptorKind(c.info.TypeOf(e))
			lists[kind] = append(lists[kind], e)
		}
	}
	return [][]ast.Expr{lists[unaryServer], lists[streamServer]}
}

// beforeOtel returns the first of otelgrpc's interceptors in a list, and the elements before
// it that add span events.
func (c *checker) beforeOtel(list []ast.Expr) (early []ast.Expr, otel ast.Expr) {
	for i, e := range list {
		if !c.isOtelInterceptor(e) {
			continue
		}
		for _, outer := range list[:i] {
			if c.recordsEvents(outer) && !c.exclusive(outer, e) {
				early = append(early, outer)
			}
		}
		return early, e
	}
	return nil, nil
}

// recordsEvents reports whether e is an interceptor that adds events to the span
// of its context.
func (c *checker) recordsEvents(e ast.Expr) bool {
	if literal, ok := ast.Unparen(e).(*ast.FuncLit); ok {
		return c.addsSpanEvents(literal.Body)
	}
	if x := varOf(c.info, e); x != nil {
		value := c.vars.sole(x)
		return value != nil && c.recordsEvents(value)
	}
	fn, _ := c.identity(e).(*types.Func)
	return c.summaries.of(fn).SpanEvents
}

// addsSpanEvents reports whether a function adds events to the span of a context,
// itself or through other functions. It is false if the function starts a span,
// since the events may be on that one.
func (c *checker) addsSpanEvents(body *ast.BlockStmt) bool {
	adds, starts := false, false
	ast.Inspect(body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		fn, ok := typeutil.Callee(c.info, call).(*types.Func)
		if !ok {
			return true
		}
		switch {
		case isObject(fn, otelTracePath, "Start"):
			starts = true
		case isObject(fn, otelTracePath, "AddEvent"), isObject(fn, otelTracePath, "RecordError"):
			sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
			adds = adds || ok && c.isContextSpan(sel.X)
		case c.summaries.of(fn).SpanEvents:
			adds = true
		}
		return true
	})
	return adds && !starts
}

// isContextSpan reports whether e is a span that comes from a context.
func (c *checker) isContextSpan(e ast.Expr) bool {
	if x := varOf(c.info, e); x != nil {
		e = c.vars.sole(x)
	}
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok && c.callsOneOf(call, otelTracePath, "SpanFromContext")
}
