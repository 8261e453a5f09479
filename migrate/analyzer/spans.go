package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"
)

// checkSpans finds server interceptors that add events to the span of their
// context and are listed before otelgrpc's interceptor, which starts that span.
func (c *checker) checkSpans() {
	traced := c.insideOtelHandler()
	reported := make(map[token.Pos]bool)
	for cur := range c.all((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		_, hook := c.hookOf(call)
		for _, list := range c.serverLists(call) {
			early, otel := c.beforeOtel(list)
			if early == nil || reported[early.Pos()] || hook == "" && traced[early.Pos()] {
				continue
			}
			reported[early.Pos()] = true
			c.found(cur, analysis.Diagnostic{
				Pos:      early.Pos(),
				End:      early.End(),
				Category: "spans",
				Message: fmt.Sprintf("this interceptor adds events to the span of its context, but runs outside otelgrpc's interceptor (line %d), which starts the span, "+
					"so the events are lost; use otelgrpc.NewServerHandler() with inprocchain.WithServerStatsHandlers(…) and grpc.StatsHandler(…), which are outside every interceptor", c.line(otel.Pos())),
				Related: []analysis.RelatedInformation{{Pos: otel.Pos(), Message: "the span is started here"}},
			}, false)
		}
	}
}

// insideOtelHandler returns the positions of the interceptors of servers that also have
// otelgrpc's stats handler. It starts a span outside of all of them.
func (c *checker) insideOtelHandler() map[token.Pos]bool {
	traced := make(map[token.Pos]bool)
	for cur := range c.all((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		optionOf := c.optionsOf(call)
		if optionOf == nil {
			continue
		}
		if !slices.ContainsFunc(c.optionElements(call, optionOf, noInterceptor), func(e element) bool { return c.isOtelHandler(e.expr) }) {
			continue
		}
		for _, kind := range []interceptorKinds{unaryServer, streamServer} {
			for _, e := range c.optionElements(call, optionOf, kind) {
				traced[e.expr.Pos()] = true
			}
		}
	}
	return traced
}

// optionsOf returns the function that recognizes the options of call, if that
// makes a network server, an in-process channel or a chain.
func (c *checker) optionsOf(call *ast.CallExpr) func(*ast.CallExpr) (interceptorKinds, bool) {
	if c.callOf(call, grpcPath, "NewServer") != nil {
		return c.serverOptionOf
	}
	for _, name := range []string{"New", "Wrap", "NewChain"} {
		if c.callOf(call, inprocchainPath, name) != nil {
			return c.inprocchainOptionOf
		}
	}
	return nil
}

// serverLists returns the lists of unary and stream server interceptors that call
// is given, in order. For grpc.NewServer they are those of its options.
func (c *checker) serverLists(call *ast.CallExpr) [][]element {
	var elements []element
	if c.callOf(call, grpcPath, "NewServer") != nil {
		for _, kind := range []interceptorKinds{unaryServer, streamServer} {
			elements = append(elements, c.optionElements(call, c.serverOptionOf, kind)...)
		}
	} else if !c.info.Types[ast.Unparen(call.Fun)].IsBuiltin() {
		for _, arg := range c.interceptorArgs(call) {
			elements = append(elements, c.elements(arg, call.Pos())...)
		}
	}
	lists := make([][]element, 2)
	for _, e := range elements {
		switch interceptorKind(c.info.TypeOf(e.expr)) {
		case unaryServer:
			lists[0] = append(lists[0], e)
		case streamServer:
			lists[1] = append(lists[1], e)
		}
	}
	return lists
}

// optionElements returns the elements of the given kind in the options of a call that
// optionOf recognizes.
func (c *checker) optionElements(call *ast.CallExpr, optionOf func(*ast.CallExpr) (interceptorKinds, bool), want interceptorKinds) (elements []element) {
	for _, arg := range call.Args {
		for _, o := range c.elements(arg, call.Pos()) {
			option, ok := ast.Unparen(o.expr).(*ast.CallExpr)
			if !ok {
				continue
			}
			if kind, ok := optionOf(option); !ok || kind != want {
				continue
			}
			for _, arg := range option.Args {
				for _, e := range c.elements(arg, option.Pos()) {
					e.conditions = append(o.conditions[:len(o.conditions):len(o.conditions)], e.conditions...)
					elements = append(elements, e)
				}
			}
		}
	}
	return elements
}

// beforeOtel returns the first element that adds span events and is before
// otelgrpc's interceptor, and that interceptor.
func (c *checker) beforeOtel(list []element) (early, otel ast.Expr) {
	for i, e := range list {
		if !c.isOtelInterceptor(e.expr) {
			continue
		}
		for _, outer := range list[:i] {
			if c.recordsEvents(outer.expr) && !excludes(outer.conditions, e.conditions) {
				return outer.expr, e.expr
			}
		}
		return nil, nil // Later interceptors are in the span of the first.
	}
	return nil, nil
}

// isOtelInterceptor reports whether e is one of otelgrpc's server interceptors.
func (c *checker) isOtelInterceptor(e ast.Expr) bool {
	obj := c.identity(e)
	return obj != nil && (isObject(obj, otelgrpcPath, "UnaryServerInterceptor") || isObject(obj, otelgrpcPath, "StreamServerInterceptor"))
}

// isOtelHandler reports whether e is otelgrpc's server stats handler.
func (c *checker) isOtelHandler(e ast.Expr) bool {
	obj := c.identity(e)
	return obj != nil && isObject(obj, otelgrpcPath, "NewServerHandler")
}

// recordsEvents reports whether e is an interceptor that adds events to the span
// of its context.
func (c *checker) recordsEvents(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return c.addsSpanEvents(e.Body)
	case *ast.Ident:
		if x := varOf(c.info, e); x != nil {
			value := c.vars.sole(x)
			return value != nil && c.recordsEvents(value)
		}
	case *ast.CallExpr:
		if c.info.Types[e.Fun].IsType() && len(e.Args) == 1 {
			return c.recordsEvents(e.Args[0])
		}
		return c.summaries.of(typeutil.StaticCallee(c.info, e)).SpanEvents
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
	return e != nil && c.callOf(e, otelTracePath, "SpanFromContext") != nil
}
