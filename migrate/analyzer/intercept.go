package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// checkIntercepts finds calls of grpchan that wrap an in-process channel with client
// interceptors. It reports nested calls once.
func (c *checker) checkIntercepts() {
	for cur, call := range c.calls() {
		if _, kind := c.interceptOf(call); kind == noIntercept || !c.holds(call.Args[0]).inProcess() || c.holds(call)&heldWrapper == 0 {
			continue
		}
		around, kind, i := outside(cur)
		switch n := around.Node().(type) {
		case *ast.CallExpr:
			if _, outer := c.interceptOf(n); outer != noIntercept && kind == edge.CallExpr_Args && i == 0 && c.holds(n)&heldWrapper != 0 {
				continue // It is reported for the outer call.
			}
		case *ast.TypeAssertExpr:
			if n.Type != nil && isChannel(c.info.TypeOf(n.Type)) {
				continue // The report of the assertion includes this.
			}
		}
		reason := c.wrap(cur, call)
		c.found(cur, analysis.Diagnostic{
			Pos:      call.Pos(),
			End:      call.End(),
			Category: "intercept",
			Message: types.ExprString(call.Fun) + " hides an in-process channel behind a wrapper, and its interceptors do not run for RPCs on the channel itself; " +
				"pass the interceptors to inprocchain.New or inprocchain.Wrap" + because(reason),
		}, reason == "")
	}
}

// An intercept is the kind of arguments that one of grpchan's Intercept functions takes
// after the channel.
type intercept int

const (
	noIntercept     intercept = iota
	interceptBoth             // a unary and a stream interceptor, either of which may be nil
	interceptUnary            // unary interceptors
	interceptStream           // stream interceptors
)

var intercepts = map[string]intercept{
	"InterceptChannel":          interceptBoth,
	"InterceptClientConn":       interceptBoth,
	"InterceptClientConnUnary":  interceptUnary,
	"InterceptClientConnStream": interceptStream,
}

// interceptOf returns which of those functions e calls, if any.
func (c *checker) interceptOf(e ast.Expr) (*ast.CallExpr, intercept) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil, noIntercept
	}
	fn := c.callee(call)
	if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != grpchanPath || fn.Signature().Recv() != nil {
		return nil, noIntercept
	}
	kind := intercepts[fn.Name()]
	if kind == interceptBoth && len(call.Args) != 3 {
		return nil, noIntercept // f(g()), where g returns all three
	}
	return call, kind
}

// A layer is one call of grpchan's Intercept functions.
type layer struct {
	call    *ast.CallExpr
	options []option
}

// An option is one of inprocchain's options with its argument.
type option struct {
	name   string
	arg    ast.Expr
	spread bool // arg is a slice, followed by three dots
}

// layerOf returns the interceptors of an intercept call as options, without those that
// are the literal nil.
func (c *checker) layerOf(call *ast.CallExpr) layer {
	_, kind := c.interceptOf(call)
	l := layer{call: call}
	for i, arg := range call.Args[1:] {
		name := "WithUnaryClientInterceptors"
		if kind == interceptStream || kind == interceptBoth && i == 1 {
			name = "WithStreamClientInterceptors"
		}
		if !c.isNil(arg) {
			l.options = append(l.options, option{name, arg, call.Ellipsis.IsValid()})
		}
	}
	return l
}

// layersOf returns the intercept calls that e consists of, from the outermost to the one
// that takes the channel.
func (c *checker) layersOf(e ast.Expr) (layers []layer) {
	for call, kind := c.interceptOf(e); kind != noIntercept; call, kind = c.interceptOf(call.Args[0]) {
		layers = append(layers, c.layerOf(call))
	}
	return layers
}

// channelOf returns the channel of the layers.
func channelOf(layers []layer) ast.Expr { return layers[len(layers)-1].call.Args[0] }

// laterLayers returns the statement
//
//	x = grpchan.InterceptClientConn(x, …)
//
// that adds layers to the intercept call at cur, which declares x, and its call. ok
// reports whether it is the only other assignment of x, in the same block.
func (c *checker) laterLayers(cur inspector.Cursor) (stmt inspector.Cursor, call *ast.CallExpr, ok bool) {
	declared, _, _ := outside(cur)
	x := c.declares(declared)
	if x == nil {
		return stmt, nil, false
	}
	a, known := c.vars.of(x)
	if !known || a.zero || len(a.values) != 2 {
		return stmt, nil, false
	}
	call, kind := c.interceptOf(a.values[1])
	if kind == noIntercept || varOf(c.info, channelOf(c.layersOf(call))) != x {
		return stmt, nil, false
	}
	stmt, _, _ = outside(c.cursor(call))
	return stmt, call, stmt.Parent() == declared.Parent()
}

// declares returns the variable that the statement at cur, in a block, declares with :=.
func (c *checker) declares(cur inspector.Cursor) *types.Var {
	assign, ok := cur.Node().(*ast.AssignStmt)
	if !ok || assign.Tok != token.DEFINE || len(assign.Lhs) != 1 || !inBlock(cur) {
		return nil
	}
	return varOf(c.info, assign.Lhs[0])
}
