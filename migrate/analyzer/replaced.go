package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
	"golang.org/x/tools/go/types/typeutil"
)

// checkReplaced finds interceptors and stats handlers of a channel that a later
// call replaces, and With… methods that are called on a channel that already has
// an inprocchain.Chain. It follows every path through a function.
func (c *checker) checkReplaced() {
	for cur, body := range c.bodies() {
		if c.sets(body) {
			c.replacedIn(cur, body)
		}
	}
	for cur := range c.all((*ast.ValueSpec)(nil)) { // variables of the package
		if _, top := cur.Parent().Parent().Node().(*ast.File); top {
			r := &replacing{checker: c, at: cur, set: make(setHooks)}
			r.node(cur.Node())
		}
	}
}

// sets reports whether body sets something on a channel. Few functions do.
func (c *checker) sets(body *ast.BlockStmt) bool {
	for n := range ast.Preorder(body) {
		if call, ok := n.(*ast.CallExpr); ok {
			if _, name := c.settingOf(call); name != "" || len(c.settingsBy(call)) > 0 {
				return true
			}
		}
	}
	return false
}

// replacedIn follows the paths through a function until it is known what is set
// at the beginning of each block, and reports from there.
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

// mayReturn knows only panic. Other functions that do not return only add paths
// that are never taken.
func mayReturn(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return !ok || id.Name != "panic"
}

// through returns what is set after a block. If at is not nil, it reports what is
// replaced in the block.
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

// hook is something that a channel holds one of: what a With… method sets, or an
// inprocchain.Chain, whose name is that of the function that put it there.
type hook struct {
	of   place
	name string
}

// setHooks maps each hook that may be set to the position where it was set last.
type setHooks map[hook]token.Pos

// join adds what may be set on another path, and reports whether that changed
// anything.
func (s setHooks) join(other setHooks) (changed bool) {
	for h, pos := range other {
		if pos > s[h] {
			s[h] = pos
			changed = true
		}
	}
	return changed
}

// replacing walks through code in the order in which it runs.
type replacing struct {
	*checker
	at  inspector.Cursor // where to report, if valid
	set setHooks
}

func (r *replacing) node(n ast.Node) {
	var stack []ast.Node
	ast.Inspect(n, func(n ast.Node) bool {
		if n != nil {
			if _, lit := n.(*ast.FuncLit); lit {
				return false // runs at another time, and is analyzed by itself
			}
			stack = append(stack, n)
			return true
		}
		r.after(stack[len(stack)-1])
		stack = stack[:len(stack)-1]
		return true
	})
}

// after is called for a node after its children.
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
	if sel, name := r.settingOf(call); name != "" {
		r.setting(call, sel, name)
		return
	}
	r.yields(call)
	r.settings(call)
	if wrap := r.callOf(call, inprocchainPath, "Wrap"); wrap != nil && len(call.Args) > 0 {
		if p := r.placeOf(call.Args[0]); p.root != nil {
			r.set[chainOn(p)] = call.Pos()
		}
	}
	if r.givesChained(call) {
		r.set[chainOn(r.placeOf(call))] = call.Pos()
	}
	for _, arg := range call.Args {
		r.forgetFields(arg)
	}
	if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
		r.forgetFields(sel.X)
	}
}

// setting is called for a call of a With… method.
func (r *replacing) setting(call *ast.CallExpr, sel *ast.SelectorExpr, name string) {
	h := hook{r.placeOf(call), name}
	if r.onChained(h, sel.Sel, "") {
		return
	}
	earlier, set := r.set[h]
	if hooks[name] == "" {
		return // a later cloner is not an interceptor that is lost
	}
	if r.isNil(call.Args[0]) {
		delete(r.set, h)
		return
	}
	r.set[h] = sel.Sel.Pos()
	if set {
		r.replaces(h, sel.Sel, earlier, "")
	}
}

// settings is called for a call of a function that may call With… methods on its
// arguments.
func (r *replacing) settings(call *ast.CallExpr) {
	for _, s := range r.settingsBy(call) {
		arg := call.Args[s.Param]
		h := hook{r.placeOf(arg), s.Name}
		by := fmt.Sprintf("%s (%s)", typeutil.StaticCallee(r.info, call).Name(), s.At)
		if r.onChained(h, arg, by) || hooks[s.Name] == "" {
			continue
		}
		earlier, set := r.set[h]
		if set {
			r.replaces(h, arg, earlier, by)
		}
		r.set[h] = arg.Pos()
	}
}

// replaces reports that what was set at the earlier position is replaced at n, by
// the function that by names, or directly if it is empty.
func (r *replacing) replaces(h hook, n ast.Node, earlier token.Pos, by string) {
	subject, verb := h.name, "replaces"
	if by != "" {
		subject, verb = by, "calls "+h.name+" on this channel, which replaces"
	}
	r.report(n, "replaced", earlier, h.name, fmt.Sprintf("%s %s what %s set on the same channel, which then never runs: a channel holds one; "+
		"pass all of them, first to last, to inprocchain.New(inprocchain.%s(…))", subject, verb, r.where(earlier, n.Pos()), hooks[h.name]))
}

// report reports a finding at n with the position that it is about. name is the
// text at that position, if it is highlighted.
func (r *replacing) report(n ast.Node, category string, pos token.Pos, name, message string) {
	if !r.at.Valid() {
		return
	}
	related := "set here"
	if category == "chained" {
		related = "the chain is put on it here"
	}
	r.found(r.at, analysis.Diagnostic{
		Pos:      n.Pos(),
		End:      n.End(),
		Category: category,
		Message:  message,
		Related:  []analysis.RelatedInformation{{Pos: pos, End: pos + token.Pos(len(name)), Message: related}},
	}, false)
}

func (r *replacing) where(earlier, now token.Pos) string {
	if earlier == now {
		return "the previous iteration of the loop"
	}
	return fmt.Sprint("line ", r.line(earlier))
}

// assign records that what is set on the i-th right side is set on the i-th of n
// left sides, too, and nothing else.
func (r *replacing) assign(lhs ast.Expr, rhs []ast.Expr, i, n int) {
	to := r.placeOf(lhs)
	var from place
	if len(rhs) == n || i == 0 && len(rhs) == 1 {
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

// forget is called when e names another channel from now on.
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
