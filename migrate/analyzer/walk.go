package analyzer

import (
	"fmt"
	"go/ast"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// hookWalker walks through code in the order in which it runs, and records the hooks
// that are set.
type hookWalker struct {
	*checker
	at  inspector.Cursor // where to report, if valid
	set setHooks
}

func (w *hookWalker) node(n ast.Node) {
	var stack []ast.Node
	ast.Inspect(n, func(n ast.Node) bool {
		if n != nil {
			if _, lit := n.(*ast.FuncLit); lit {
				return false // It runs at another time, and is analyzed separately.
			}
			stack = append(stack, n)
			return true
		}
		w.after(stack[len(stack)-1])
		stack = stack[:len(stack)-1]
		return true
	})
}

// after is called for a node after its children.
func (w *hookWalker) after(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		w.call(n)
	case *ast.AssignStmt:
		for i, lhs := range n.Lhs {
			w.assign(lhs, n.Rhs, i, len(n.Lhs))
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			w.assign(name, n.Values, i, len(n.Names))
		}
	case ast.Expr:
		w.yields(n)
	}
}

// yields is called for an expression that may yield a different channel each time.
func (w *hookWalker) yields(e ast.Expr) {
	if set, _ := w.settingOf(e); set == nil && w.placeOf(e).root == nil {
		w.forget(e)
	}
}

func (w *hookWalker) call(call *ast.CallExpr) {
	if sel, name := w.settingOf(call); name != "" {
		w.setting(call, sel, name)
		return
	}
	w.yields(call)
	w.settings(call)
	if wrap := w.callOf(call, inprocchainPath, "Wrap"); wrap != nil && len(call.Args) > 0 {
		if p := w.placeOf(call.Args[0]); p.root != nil {
			w.set[chainOn(p)] = call.Pos()
		}
	}
	if w.returnsChained(call) {
		w.set[chainOn(w.placeOf(call))] = call.Pos()
	}
	for _, arg := range call.Args {
		w.forgetFields(arg)
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		w.forgetFields(sel.X)
	}
}

// setting is called for a call of a With… method.
func (w *hookWalker) setting(call *ast.CallExpr, sel *ast.SelectorExpr, name string) {
	h := hook{w.placeOf(call), name}
	if w.onChained(h, sel.Sel, "") {
		return
	}
	earlier, set := w.set[h]
	if hooks[name] == "" {
		return // Replacing a cloner loses no interceptor.
	}
	if w.isNil(call.Args[0]) {
		delete(w.set, h)
		return
	}
	w.set[h] = sel.Sel.Pos()
	if set {
		w.replaces(h, sel.Sel, earlier, "")
	}
}

// settings is called for a call of a function that may call With… methods on its
// arguments.
func (w *hookWalker) settings(call *ast.CallExpr) {
	for _, s := range w.settingsBy(call) {
		arg := call.Args[s.Param]
		h := hook{w.placeOf(arg), s.Name}
		by := fmt.Sprintf("%s (%s)", typeutil.StaticCallee(w.info, call).Name(), s.At)
		if w.onChained(h, arg, by) || hooks[s.Name] == "" {
			continue
		}
		earlier, set := w.set[h]
		if set {
			w.replaces(h, arg, earlier, by)
		}
		w.set[h] = arg.Pos()
	}
}

// assign records that the i-th of n left sides now has the hooks of the i-th right
// side, and no others.
func (w *hookWalker) assign(lhs ast.Expr, rhs []ast.Expr, i, n int) {
	to := w.placeOf(lhs)
	var from place
	if len(rhs) == n || i == 0 && len(rhs) == 1 {
		from = w.placeOf(rhs[i])
	}
	if to == from {
		return
	}
	w.forget(lhs)
	if to == (place{}) || from == (place{}) {
		return
	}
	for h, pos := range w.set {
		if h.of == from {
			w.set[hook{to, h.name}] = pos
		}
	}
}

// forget is called when e names another channel from now on.
func (w *hookWalker) forget(e ast.Expr) {
	p := w.placeOf(e)
	for h := range w.set {
		if p != (place{}) && (h.of == p || h.of.within(p)) {
			delete(w.set, h)
		}
	}
}

// forgetFields is called when the fields of the variable e may have changed.
func (w *hookWalker) forgetFields(e ast.Expr) {
	p := w.placeOf(e)
	for h := range w.set {
		if p != (place{}) && h.of.within(p) {
			delete(w.set, h)
		}
	}
}
