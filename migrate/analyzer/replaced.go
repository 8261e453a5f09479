package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// checkReplaced finds interceptors and stats handlers of a channel that a later call in the same function
// replaces, on any way through the function.
func (c *checker) checkReplaced() {
	for cur := range c.all((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		var body *ast.BlockStmt
		switch n := cur.Node().(type) {
		case *ast.FuncDecl:
			body = n.Body
		case *ast.FuncLit:
			body = n.Body
		}
		if body != nil && c.sets(body) {
			c.replacedIn(cur, body)
		}
	}
	for cur := range c.all((*ast.ValueSpec)(nil)) { // a package's variable, set in no function
		if _, top := cur.Parent().Parent().Node().(*ast.File); top {
			r := &replacing{checker: c, at: cur, set: make(setHooks)}
			r.node(cur.Node())
		}
	}
}

// sets reports whether body has a With… call, which few functions do.
func (c *checker) sets(body *ast.BlockStmt) bool {
	for n := range ast.Preorder(body) {
		if call, ok := n.(*ast.CallExpr); ok {
			if _, name := c.hookOf(call); name != "" {
				return true
			}
		}
	}
	return false
}

// replacedIn follows a function's ways until what is set at the beginning of each block is known, and reports
// from there.
func (c *checker) replacedIn(at inspector.Cursor, body *ast.BlockStmt) {
	graph := cfg.New(body, mayReturn)
	before := map[*cfg.Block]setHooks{graph.Blocks[0]: {}}
	for work := []*cfg.Block{graph.Blocks[0]}; len(work) > 0; {
		block := work[0]
		work = work[1:]
		after := c.through(block, before[block], nil)
		for _, next := range block.Succs {
			known, seen := before[next]
			if !seen {
				known = make(setHooks)
				before[next] = known
			}
			if known.join(after) || !seen {
				work = append(work, next)
			}
		}
	}
	for _, block := range graph.Blocks {
		if set, reached := before[block]; reached {
			c.through(block, set, &at)
		}
	}
}

// mayReturn knows only of panic; taking an exit for a return costs nothing but a path that is not there.
func mayReturn(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return !ok || id.Name != "panic"
}

// through returns what is set after a block, and reports what is replaced in it if at is not nil.
func (c *checker) through(block *cfg.Block, before setHooks, at *inspector.Cursor) setHooks {
	r := &replacing{checker: c, set: make(setHooks)}
	r.set.join(before)
	if at != nil {
		r.at = *at
	}
	if loop, ok := block.Stmt.(*ast.RangeStmt); ok && block.Kind == cfg.KindRangeBody {
		r.forget(loop.Key)
		r.forget(loop.Value)
	}
	for _, n := range block.Nodes {
		r.node(n)
	}
	return r.set
}

// hook is one thing that a channel holds one of.
type hook struct {
	of   place
	name string
}

// setHooks says where each hook that may be set was set last.
type setHooks map[hook]token.Pos

// join adds what may be set elsewhere, and reports whether that was news.
func (s setHooks) join(other setHooks) (changed bool) {
	for h, pos := range other {
		if pos > s[h] {
			s[h] = pos
			changed = true
		}
	}
	return changed
}

// replacing is a walk through one piece of code in the order in which it runs.
type replacing struct {
	*checker
	at  inspector.Cursor // where to report, if anywhere
	set setHooks
}

func (r *replacing) node(n ast.Node) {
	var stack []ast.Node
	ast.Inspect(n, func(n ast.Node) bool {
		if n != nil {
			if _, lit := n.(*ast.FuncLit); lit {
				return false // runs some other time, and is looked at by itself
			}
			stack = append(stack, n)
			return true
		}
		r.after(stack[len(stack)-1])
		stack = stack[:len(stack)-1]
		return true
	})
}

// after is called for a node when its children have run.
func (r *replacing) after(n ast.Node) {
	switch n := n.(type) {
	case *ast.CallExpr:
		r.call(n)
	case *ast.AssignStmt:
		for i, lhs := range n.Lhs {
			r.assign(lhs, n.Rhs, i, len(n.Lhs))
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			r.assign(name, n.Values, i, len(n.Names))
		}
	case ast.Expr:
		r.yields(n)
	}
}

// yields is called for an expression that may yield another channel each time.
func (r *replacing) yields(e ast.Expr) {
	if set, _ := r.settingOf(e); set == nil && r.placeOf(e).root == nil {
		r.forget(e)
	}
}

func (r *replacing) call(call *ast.CallExpr) {
	if sel, name := r.hookOf(call); name != "" {
		r.hook(call, sel, name)
		return
	}
	r.yields(call)
	for _, arg := range call.Args {
		r.forgetFields(arg)
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		r.forgetFields(sel.X)
	}
}

func (r *replacing) hook(call *ast.CallExpr, sel *ast.SelectorExpr, name string) {
	h := hook{r.placeOf(call), name}
	earlier, set := r.set[h]
	if r.isNil(call.Args[0]) {
		delete(r.set, h)
		return
	}
	r.set[h] = sel.Sel.Pos()
	if !set || !r.at.Valid() {
		return
	}
	r.found(r.at, analysis.Diagnostic{
		Pos:      sel.Sel.Pos(),
		End:      sel.Sel.End(),
		Category: "replaced",
		Message: fmt.Sprintf("%s replaces what %s set on the same channel, which then never runs: a channel holds one; "+
			"pass all of them, first to last, to inprocchain.New(inprocchain.%s(…))", name, r.where(earlier, sel.Sel.Pos()), hooks[name]),
		Related: []analysis.RelatedInformation{{Pos: earlier, End: earlier + token.Pos(len(name)), Message: "set here"}},
	}, false)
}

func (r *replacing) where(earlier, now token.Pos) string {
	if earlier == now {
		return "the loop's pass before"
	}
	return fmt.Sprint("line ", r.line(earlier))
}

// assign lets what the i-th of n left sides gets be set there too, and nothing else.
func (r *replacing) assign(lhs ast.Expr, rhs []ast.Expr, i, n int) {
	to := r.placeOf(lhs)
	var from place
	if len(rhs) == n {
		from = r.placeOf(rhs[i])
	}
	if to == from {
		return
	}
	r.forget(lhs)
	if to == (place{}) || from == (place{}) {
		return
	}
	for h, pos := range r.set {
		if h.of == from {
			r.set[hook{to, h.name}] = pos
		}
	}
}

// forget is called when what e names is another channel from now on.
func (r *replacing) forget(e ast.Expr) {
	p := r.placeOf(e)
	for h := range r.set {
		if p != (place{}) && (h.of == p || h.of.within(p)) {
			delete(r.set, h)
		}
	}
}

// forgetFields is called when the fields of what e names may have changed.
func (r *replacing) forgetFields(e ast.Expr) {
	p := r.placeOf(e)
	for h := range r.set {
		if p != (place{}) && h.of.within(p) {
			delete(r.set, h)
		}
	}
}
