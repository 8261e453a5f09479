package analyzer

import (
	"fmt"
	"go/ast"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// hookWalker walks through code in the order in which it runs, and records the hooks
// that are set.
type hookWalker struct {
	*checker
	at  inspector.Cursor // where to report, if valid
	set setHooks
}

func (w *hookWalker) walk(block *cfg.Block, before setHooks) {
	w.set.join(before)
	if loop, ok := block.Stmt.(*ast.RangeStmt); ok && block.Kind == cfg.KindRangeBody {
		w.assign(loop.Key, nil)
		w.assign(loop.Value, nil)
	}
	for _, n := range block.Nodes {
		w.node(n)
	}
}

// node visits the children of a node before the node itself.
func (w *hookWalker) node(n ast.Node) {
	var path []ast.Node
	ast.Inspect(n, func(n ast.Node) bool {
		if _, literal := n.(*ast.FuncLit); literal {
			return false // It runs at another time, and is analyzed separately.
		}
		if n != nil {
			path = append(path, n)
			return true
		}
		switch n := path[len(path)-1].(type) {
		case *ast.CallExpr:
			w.call(n)
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				w.assign(lhs, value(n.Rhs, i, len(n.Lhs)))
			}
		case *ast.ValueSpec:
			for i, name := range n.Names {
				w.assign(name, value(n.Values, i, len(n.Names)))
			}
		}
		path = path[:len(path)-1]
		return true
	})
}

// value returns the i-th of the values that are assigned to n variables, if there is one
// for each.
func value(values []ast.Expr, i, n int) ast.Expr {
	if len(values) == n {
		return values[i]
	}
	return nil
}

// call is called for a call of a With… method, and for a call of a function that may call
// some on its arguments.
func (w *hookWalker) call(call *ast.CallExpr) {
	if sel, name := w.settingOf(call); hooks[name] != "" {
		h := hook{w.placeOf(call), name}
		if w.isNil(call.Args[0]) {
			delete(w.set, h)
			return
		}
		w.replace(h, sel.Sel, "")
	}
	for _, s := range w.settingsBy(call) {
		arg := call.Args[s.Param]
		w.replace(hook{w.placeOf(arg), s.Name}, arg, fmt.Sprintf("%s (%s)", w.callee(call).Name(), s.At))
	}
}

// replace records that n sets the hook, and reports the one that it replaces. by names the
// called function that does so; it is empty if n is the name of the With… method itself.
func (w *hookWalker) replace(h hook, n ast.Node, by string) {
	if h.of == (place{}) {
		return
	}
	earlier, set := w.set[h]
	w.set[h] = n.Pos()
	if !set || !w.at.Valid() || h.of.variable == nil && n.Pos() <= earlier { // a new channel each time
		return
	}
	subject, verb := h.name, "replaces"
	if by != "" {
		subject, verb = by, "calls "+h.name+" on this channel, which replaces"
	}
	where := fmt.Sprint("line ", w.line(earlier))
	if earlier == n.Pos() {
		where = "the previous iteration of the loop"
	}
	w.found(w.at, analysis.Diagnostic{
		Pos:      n.Pos(),
		End:      n.End(),
		Category: "replaced",
		Message: fmt.Sprintf("%s %s what %s set on the same channel, which then never runs, because a channel has only one; "+
			"pass all of them, first to last, to inprocchain.New(inprocchain.%s(…))", subject, verb, where, hooks[h.name]),
		Related: []analysis.RelatedInformation{{Pos: earlier, Message: "set here"}},
	}, false)
}

// assign records that lhs now has the hooks of rhs, which may be nil, and no others.
func (w *hookWalker) assign(lhs, rhs ast.Expr) {
	to, from := w.placeOf(lhs), w.placeOf(rhs)
	if to == from || to == (place{}) {
		return
	}
	for h, pos := range w.set {
		if h.of == to {
			delete(w.set, h)
		}
		if h.of == from {
			defer func() { w.set[hook{to, h.name}] = pos }()
		}
	}
}
