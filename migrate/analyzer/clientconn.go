package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// checkClientConns finds client interceptors that use their *grpc.ClientConn and are
// added to an in-process channel, for which grpchan passes nil.
func (c *checker) checkClientConns() {
	for cur := range c.all((*ast.CallExpr)(nil)) {
		call, kind := c.interceptOf(cur.Node().(*ast.CallExpr))
		if kind == noIntercept || !c.holds(call.Args[0]).inProcess() {
			continue
		}
		for _, arg := range call.Args[1:] {
			for _, fun := range c.functions(arg, nil) {
				use := c.connUse(fun)
				if !use.IsValid() {
					continue
				}
				c.found(cur, analysis.Diagnostic{
					Pos:      arg.Pos(),
					End:      arg.End(),
					Category: "clientconn",
					Message: fmt.Sprintf("this interceptor uses its *grpc.ClientConn (%s), which is nil here, so the RPC panics: "+
						"grpchan passes nil for an in-process channel; inprocchain.New and inprocchain.Wrap pass a real one", c.position(use)),
					Related: []analysis.RelatedInformation{{Pos: use, Message: "used here"}},
				}, c.wrappedWith(cur))
				break
			}
		}
	}
}

// wrappedWith reports whether the plans turn the intercept call at cur, or one
// that it is nested in, into inprocchain.Wrap, or whether its channel becomes one.
func (c *checker) wrappedWith(cur inspector.Cursor) bool {
	for call := range cur.Enclosing((*ast.CallExpr)(nil)) {
		if c.wrapped[call.Node().(*ast.CallExpr)] {
			return true
		}
	}
	return c.onWrapped(cur.Node().(*ast.CallExpr).Args[0])
}

func (c *checker) position(pos token.Pos) string {
	p := c.pass.Fset.Position(pos)
	return fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)
}

// function is the source of a client interceptor.
type function struct {
	typ  *ast.FuncType
	body *ast.BlockStmt
}

// functions returns the functions of this package that e may be or may call as
// interceptors, without those on path.
func (c *checker) functions(e ast.Expr, path []types.Object) []function {
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return []function{{e.Type, e.Body}}
	case *ast.Ident:
		return c.named(c.info.Uses[e], path)
	case *ast.SelectorExpr:
		return c.named(c.info.Uses[e.Sel], path)
	case *ast.CompositeLit: // of a slice of interceptors
		return c.each(e.Elts, path)
	case *ast.CallExpr:
		return append(c.returned(e, path), c.each(e.Args, path)...)
	}
	return nil
}

// each returns the interceptors among these expressions.
func (c *checker) each(exprs []ast.Expr, path []types.Object) (funs []function) {
	for _, e := range exprs {
		if t := c.info.TypeOf(e); t != nil && isInterceptor(t) {
			funs = append(funs, c.functions(e, path)...)
		}
	}
	return funs
}

// isInterceptor reports whether t is a client interceptor or a slice of them.
func isInterceptor(t types.Type) bool {
	if slice, ok := t.Underlying().(*types.Slice); ok {
		t = slice.Elem()
	}
	kind := interceptorKind(t)
	return kind == unaryClient || kind == streamClient
}

// named returns what a function or a variable may be.
func (c *checker) named(obj types.Object, path []types.Object) (funs []function) {
	for _, seen := range path {
		if seen == obj {
			return nil
		}
	}
	path = append(path, obj)
	switch obj := obj.(type) {
	case *types.Func:
		if decl := c.funcs[obj.Origin()]; decl != nil && decl.Body != nil {
			return []function{{decl.Type, decl.Body}}
		}
	case *types.Var:
		if a := c.vars.known[obj]; a != nil {
			return c.each(a.values, path)
		}
	}
	return nil
}

// returned returns the interceptors that a function of this package returns.
func (c *checker) returned(call *ast.CallExpr, path []types.Object) []function {
	fn := typeutil.StaticCallee(c.info, call)
	if fn == nil || c.funcs[fn.Origin()] == nil || c.funcs[fn.Origin()].Body == nil {
		return nil
	}
	for _, seen := range path {
		if seen == fn {
			return nil
		}
	}
	var results []ast.Expr
	for _, result := range firstResults(c.funcs[fn.Origin()].Body) {
		if result != nil {
			results = append(results, result)
		}
	}
	return c.each(results, append(path, fn))
}

// connUse returns where an interceptor uses its *grpc.ClientConn other than to
// pass it on. It returns no position if it does not, or compares it with nil.
func (c *checker) connUse(fun function) token.Pos {
	conn := c.connParam(fun.typ)
	if conn == nil {
		return token.NoPos
	}
	use := token.NoPos
	for _, id := range c.vars.uses[conn] {
		cur, ok := c.root.FindNode(id)
		if !ok {
			continue
		}
		switch n := outside(cur).Node().(type) {
		case *ast.BinaryExpr:
			return token.NoPos // compared with nil
		case *ast.SelectorExpr:
			use = earliest(use, id.Pos())
		case *ast.CallExpr:
			if c.takesInterface(n, id) {
				use = earliest(use, id.Pos())
			}
		}
	}
	return use
}

func earliest(a, b token.Pos) token.Pos {
	if !a.IsValid() {
		return b
	}
	return min(a, b)
}

func (c *checker) connParam(typ *ast.FuncType) *types.Var {
	for _, field := range typ.Params.List {
		for _, name := range field.Names {
			if x, ok := c.info.Defs[name].(*types.Var); ok && isClientConn(x.Type()) {
				return x
			}
		}
	}
	return nil
}

// takesInterface reports whether call takes the argument as an interface, which is
// not nil even if the *grpc.ClientConn in it is.
func (c *checker) takesInterface(call *ast.CallExpr, arg *ast.Ident) bool {
	sig, ok := c.info.TypeOf(call.Fun).(*types.Signature)
	if !ok || sig.Variadic() {
		return false
	}
	for i, a := range call.Args {
		if ast.Unparen(a) == arg && i < sig.Params().Len() {
			return isClientConnInterface(sig.Params().At(i).Type()) && types.IsInterface(sig.Params().At(i).Type())
		}
	}
	return false
}
