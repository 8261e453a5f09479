package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// takenAs reports whether the code around the expression at cur takes its value as an
// interface that accept accepts. If it does, the static type of the value can change.
func (c *checker) takenAs(cur inspector.Cursor, accept func(*types.Interface) bool) bool {
	around, kind, i := outside(cur)
	var t types.Type
	switch n := around.Node().(type) {
	case *ast.SelectorExpr:
		return channelMethods[n.Sel.Name]
	case *ast.CallExpr:
		if kind == edge.CallExpr_Args {
			t = c.paramType(n, i)
		}
	case *ast.AssignStmt:
		if kind == edge.AssignStmt_Rhs && n.Tok == token.ASSIGN && len(n.Lhs) == len(n.Rhs) {
			t = c.info.TypeOf(n.Lhs[i])
		}
	case *ast.ValueSpec:
		if n.Type != nil {
			t = c.info.TypeOf(n.Type)
		}
	case *ast.KeyValueExpr:
		if field := varOf(c.info, n.Key); field != nil && field.IsField() {
			t = field.Type()
		}
	case *ast.ReturnStmt:
		if results := c.resultsAt(around); results.Len() == len(n.Results) {
			t = results.At(i).Type()
		}
	}
	if t == nil {
		return false
	}
	if _, generic := types.Unalias(t).(*types.TypeParam); generic {
		return false
	}
	iface, ok := t.Underlying().(*types.Interface)
	return ok && accept(iface)
}

// anyInterface accepts every interface.
func anyInterface(*types.Interface) bool { return true }

// onlyServesAndCalls accepts the interfaces of grpc that a channel implements. It
// rejects others, because a function that takes an any may assert the
// *inprocgrpc.Channel and configure it.
func onlyServesAndCalls(iface *types.Interface) bool {
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

// paramType returns the type of the parameter to which the i-th argument of call is
// passed. It returns nil if the type depends on the argument.
func (c *checker) paramType(call *ast.CallExpr, i int) types.Type {
	if fn := c.callee(call); fn == nil || fn.Signature().TypeParams() != nil {
		return nil
	}
	params := c.callee(call).Signature().Params()
	last := params.Len() - 1
	if i < last || !c.callee(call).Signature().Variadic() {
		return params.At(i).Type()
	}
	return params.At(last).Type().(*types.Slice).Elem()
}

// resultsAt returns the results of the function around cur.
func (c *checker) resultsAt(cur inspector.Cursor) *types.Tuple {
	for fun := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch n := fun.Node().(type) {
		case *ast.FuncDecl:
			return c.info.Defs[n.Name].(*types.Func).Signature().Results()
		case *ast.FuncLit:
			return c.info.TypeOf(n).(*types.Signature).Results()
		}
	}
	return nil
}

// onlyTakenAs reports whether every use of x outside of stmt takes its value as an
// interface that accept accepts.
func (c *checker) onlyTakenAs(x *types.Var, stmt ast.Node, accept func(*types.Interface) bool) bool {
	for _, id := range c.vars.uses[x] {
		if (id.Pos() < stmt.Pos() || stmt.End() <= id.Pos()) && !c.takenAs(c.cursor(id), accept) {
			return false
		}
	}
	return true
}

// asserted reports whether the dynamic type of the value of x is asserted.
func (c *checker) asserted(x *types.Var) bool {
	for _, id := range c.vars.uses[x] {
		around, _, _ := outside(c.cursor(id))
		if _, assert := around.Node().(*ast.TypeAssertExpr); assert {
			return true
		}
	}
	return false
}

// inBlock reports whether the node at cur is a statement in a list of statements.
func inBlock(cur inspector.Cursor) bool {
	switch cur.ParentEdgeKind() {
	case edge.BlockStmt_List, edge.CaseClause_Body, edge.CommClause_Body:
		return true
	}
	return false
}
