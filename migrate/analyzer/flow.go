package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// flow follows a value to the places where it is used and finds out whether each
// takes the value as an interface. If all do, the static type of the value can change,
// and nothing there can configure the channel.
type flow struct {
	*checker
	takes      func(iface *types.Interface) bool
	intercepts []*ast.CallExpr // the calls that add client interceptors to the value
	settings   []string        // the With… methods that are called on the value, and where
	wraps      []string        // where the value is passed to inprocchain.Wrap
	asserted   bool            // the dynamic type of the value is asserted
}

func (c *checker) newFlow(takes func(*types.Interface) bool) *flow {
	return &flow{checker: c, takes: takes}
}

// anyInterface accepts every interface.
func anyInterface(*types.Interface) bool { return true }

// grpcInterface accepts the interfaces of grpc that a channel implements. It
// rejects others, because a function that takes an any may assert the
// *inprocgrpc.Channel.
func grpcInterface(iface *types.Interface) bool {
	for m := range iface.Methods() {
		if !channelMethods[m.Name()] {
			return false
		}
	}
	return iface.NumMethods() > 0
}

// channelMethods are the methods that both kinds of channel have and that add
// only services.
var channelMethods = map[string]bool{
	"Invoke": true, "NewStream": true, "RegisterService": true, "GetServiceInfo": true,
}

// expr reports whether the code around the expression at cur takes its value as
// an interface.
func (f *flow) expr(cur inspector.Cursor) bool {
	kind, i := cur.ParentEdge()
	parent := cur.Parent()
	if isNamed(f.info.TypeOf(cur.Node().(ast.Expr)), inprocgrpcPath, "Channel") && !addresses(kind, parent.Node()) {
		return false // a copy of the channel
	}
	switch n := parent.Node().(type) {
	case *ast.ParenExpr:
		return f.expr(parent)
	case *ast.TypeAssertExpr:
		f.asserted = true
	case *ast.UnaryExpr:
		return addresses(kind, n) && isChannel(f.info.TypeOf(n)) && f.expr(parent)
	case *ast.SelectorExpr:
		return f.selector(n)
	case *ast.CallExpr:
		return kind == edge.CallExpr_Args && f.argument(n, i)
	case *ast.AssignStmt:
		return kind == edge.AssignStmt_Rhs && len(n.Lhs) == len(n.Rhs) && f.target(n.Lhs[i])
	case *ast.ValueSpec:
		return f.spec(n, kind, i)
	case *ast.BinaryExpr:
		return (n.Op == token.EQL || n.Op == token.NEQ) && (f.isNil(n.X) || f.isNil(n.Y))
	case *ast.SendStmt:
		ch, ok := f.info.TypeOf(n.Chan).Underlying().(*types.Chan)
		return ok && f.interfaceType(ch.Elem())
	case *ast.ReturnStmt:
		return f.result(parent, i)
	case *ast.CompositeLit:
		return kind == edge.CompositeLit_Elts && f.element(n, i, nil)
	case *ast.KeyValueExpr:
		lit, ok := parent.Parent().Node().(*ast.CompositeLit)
		return ok && kind == edge.KeyValueExpr_Value && f.element(lit, 0, n.Key)
	}
	return false
}

// addresses reports whether the expression is the operand of & or the receiver of a
// method.
func addresses(kind edge.Kind, parent ast.Node) bool {
	switch n := parent.(type) {
	case *ast.UnaryExpr:
		return n.Op == token.AND
	case *ast.ParenExpr:
		return true
	}
	return kind == edge.SelectorExpr_X
}

func (f *flow) interfaceType(t types.Type) bool {
	if t == nil {
		return false
	}
	if _, generic := types.Unalias(t).(*types.TypeParam); generic {
		return false
	}
	iface, ok := t.Underlying().(*types.Interface)
	return ok && f.takes(iface)
}

func (f *flow) selector(sel *ast.SelectorExpr) bool {
	if isSetting(sel.Sel.Name) {
		f.settings = append(f.settings, fmt.Sprintf("%s (%s)", sel.Sel.Name, f.position(sel.Sel.Pos())))
	}
	return channelMethods[sel.Sel.Name]
}

func (f *flow) argument(call *ast.CallExpr, i int) bool {
	if f.info.Types[call.Fun].IsType() {
		return f.interfaceType(f.info.TypeOf(call.Fun))
	}
	if _, kind := f.interceptOf(call); kind != noIntercept && i == 0 {
		f.intercepts = append(f.intercepts, call)
		return true
	}
	if f.callOf(call, inprocchainPath, "Wrap") != nil {
		f.wraps = append(f.wraps, f.position(call.Pos()))
	}
	for _, s := range f.settingsBy(call) {
		if s.Param == i {
			f.settings = append(f.settings, fmt.Sprintf("%s (%s)", s.Name, s.At))
		}
	}
	sig, ok := f.info.TypeOf(call.Fun).(*types.Signature) // builtins have one, too
	if !ok || f.infers(call.Fun) {
		return false
	}
	last := sig.Params().Len() - 1
	if i < last || !sig.Variadic() {
		return f.interfaceType(sig.Params().At(i).Type())
	}
	slice, ok := sig.Params().At(last).Type().(*types.Slice)
	return ok && !call.Ellipsis.IsValid() && f.interfaceType(slice.Elem())
}

// infers reports whether the types of fun's parameters may be inferred from its
// arguments.
func (f *flow) infers(fun ast.Expr) bool {
	switch fun := ast.Unparen(fun).(type) {
	case *ast.Ident:
		_, generic := f.info.Instances[fun]
		return generic
	case *ast.SelectorExpr:
		return f.infers(fun.Sel)
	case *ast.IndexExpr:
		return f.infers(fun.X)
	case *ast.IndexListExpr:
		return f.infers(fun.X)
	}
	return false
}

// target reports whether the value can be assigned to lhs. It can if lhs has an
// interface type, or if lhs is a new variable whose uses all take it as an interface.
func (f *flow) target(lhs ast.Expr) bool {
	if id, ok := lhs.(*ast.Ident); ok {
		if id.Name == "_" {
			return false
		}
		if x, ok := f.info.Defs[id].(*types.Var); ok {
			return f.variable(x)
		}
	}
	return f.interfaceType(f.info.TypeOf(lhs)) && !f.assertedIn(varOf(f.info, lhs))
}

// assertedIn reports whether the dynamic type of the value of x is asserted.
func (f *flow) assertedIn(x *types.Var) bool {
	for _, id := range f.vars.uses[x] {
		if cur, ok := f.root.FindNode(id); ok {
			if _, assert := outside(cur).Node().(*ast.TypeAssertExpr); assert {
				f.asserted = true
			}
		}
	}
	return f.asserted
}

func (f *flow) spec(n *ast.ValueSpec, kind edge.Kind, i int) bool {
	if kind != edge.ValueSpec_Values || len(n.Names) != len(n.Values) || n.Names[i].Name == "_" {
		return false
	}
	x, ok := f.info.Defs[n.Names[i]].(*types.Var)
	if n.Type != nil {
		return f.interfaceType(f.info.TypeOf(n.Type)) && !f.assertedIn(x)
	}
	return ok && f.variable(x)
}

// variable reports whether every use of x takes its value as an interface. It is false
// for a variable of the package, because a package is analyzed with and without its
// tests, so not all uses are known.
func (f *flow) variable(x *types.Var) bool {
	if x.Parent() == x.Pkg().Scope() {
		return false
	}
	all := true
	for _, id := range f.vars.uses[x] {
		cur, ok := f.root.FindNode(id)
		all = ok && f.expr(cur) && all // visits all of them, so that settings and intercepts are complete
	}
	return all
}

func (f *flow) result(ret inspector.Cursor, i int) bool {
	for fun := range ret.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		var sig *types.Signature
		switch n := fun.Node().(type) {
		case *ast.FuncDecl:
			sig = f.info.Defs[n.Name].(*types.Func).Signature()
		case *ast.FuncLit:
			sig = f.info.TypeOf(n).(*types.Signature)
		}
		return len(ret.Node().(*ast.ReturnStmt).Results) == sig.Results().Len() && f.interfaceType(sig.Results().At(i).Type())
	}
	return false
}

// element reports whether the i-th element of a literal, or the one with the
// given key, has an interface type.
func (f *flow) element(lit *ast.CompositeLit, i int, key ast.Expr) bool {
	switch t := f.info.TypeOf(lit).Underlying().(type) {
	case *types.Slice:
		return f.interfaceType(t.Elem())
	case *types.Array:
		return f.interfaceType(t.Elem())
	case *types.Map:
		return key != nil && f.interfaceType(t.Elem())
	case *types.Struct:
		if field := varOf(f.info, key); field != nil {
			return f.interfaceType(field.Type())
		}
		return key == nil && f.interfaceType(t.Field(i).Type())
	}
	return false
}
