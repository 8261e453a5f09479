package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
)

// variables records the assignments to the variables of a package, and their uses.
type variables struct {
	known  map[*types.Var]*assigned
	opaque map[*types.Var]bool     // assigned by a range, a call with several results or through a pointer
	first  map[*types.Var]ast.Expr // the call whose first result the variable is assigned, of several results
	uses   map[*types.Var][]*ast.Ident
}

// assigned is everything that a variable is ever assigned.
type assigned struct {
	values []ast.Expr
	zero   bool // declared without a value
}

func newVariables(info *types.Info, files []*ast.File) *variables {
	v := &variables{
		known:  make(map[*types.Var]*assigned),
		opaque: make(map[*types.Var]bool),
		first:  make(map[*types.Var]ast.Expr),
		uses:   make(map[*types.Var][]*ast.Ident),
	}
	for id, obj := range info.Uses {
		if obj, ok := obj.(*types.Var); ok {
			v.uses[obj] = append(v.uses[obj], id)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			v.note(info, n)
			return true
		})
	}
	return v
}

// of returns what x is ever assigned. ok is false if that is unknown. It is
// unknown for parameters, fields, exported variables, and variables that are
// assigned through a pointer or by a call with several results.
func (v *variables) of(x *types.Var) (_ *assigned, ok bool) {
	a := v.known[x]
	if a == nil || v.opaque[x] {
		return nil, false
	}
	return a, !x.Exported() || x.Parent() != x.Pkg().Scope()
}

// sole returns the only value that x is ever assigned. It returns nil if there is
// more than one, none, or an unknown one.
func (v *variables) sole(x *types.Var) ast.Expr {
	a, ok := v.of(x)
	if !ok || a.zero || len(a.values) != 1 {
		return nil
	}
	return a.values[0]
}

func (v *variables) note(info *types.Info, n ast.Node) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i, lhs := range n.Lhs {
			v.assign(info, lhs, n.Rhs, i, len(n.Lhs))
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if x, ok := info.Defs[name].(*types.Var); ok && len(n.Values) == 0 {
				v.entry(x).zero = true
				continue
			}
			v.assign(info, name, n.Values, i, len(n.Names))
		}
	case *ast.RangeStmt:
		v.assign(info, n.Key, nil, 0, 1)
		v.assign(info, n.Value, nil, 0, 1)
	case *ast.UnaryExpr:
		if x := varOf(info, n.X); n.Op == token.AND && x != nil && !isNamed(x.Type(), inprocgrpcPath, "Channel") {
			v.opaque[x] = true // It may be assigned through the pointer. The address of a channel is the channel itself.
		}
	}
}

// assign records that the i-th of n left sides is assigned from the right sides.
func (v *variables) assign(info *types.Info, lhs ast.Expr, rhs []ast.Expr, i, n int) {
	x := varOf(info, lhs)
	if x == nil {
		return
	}
	if len(rhs) != n {
		v.opaque[x] = true
		if i == 0 && len(rhs) == 1 {
			v.first[x] = ast.Unparen(rhs[0])
		}
		return
	}
	if id, ok := ast.Unparen(lhs).(*ast.Ident); ok && info.Defs[id] == x {
		v.entry(x) // declared here, so all its assignments are known
	}
	if a := v.known[x]; a != nil {
		a.values = append(a.values, rhs[i])
		return
	}
	v.opaque[x] = true
}

func (v *variables) entry(x *types.Var) *assigned {
	a := v.known[x]
	if a == nil {
		a = &assigned{}
		v.known[x] = a
	}
	return a
}

// varOf returns the variable that e names, or nil if it names none.
func varOf(info *types.Info, e ast.Expr) *types.Var {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return nil
	}
	x, _ := info.ObjectOf(id).(*types.Var)
	return x
}
