package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
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
			w := &hookWalker{checker: c, at: cur, set: make(setHooks)}
			w.node(cur.Node())
		}
	}
}

// sets reports whether body sets a hook of a channel. Few functions do.
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

// replacedIn follows the paths through a function until it knows the hooks that may be
// set at the beginning of each block. Then it reports the replaced ones.
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

// mayReturn reports whether call may return. It recognizes only panic. Other functions
// that do not return only add paths that are never taken.
func mayReturn(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return !ok || id.Name != "panic"
}

// through returns the hooks that are set after a block. If at is not nil, it reports
// the hooks that the block replaces.
func (c *checker) through(block *cfg.Block, before setHooks, at *inspector.Cursor) setHooks {
	w := &hookWalker{checker: c, set: make(setHooks)}
	w.set.join(before)
	if at != nil {
		w.at = *at
	}
	if loop, ok := block.Stmt.(*ast.RangeStmt); ok && block.Kind == cfg.KindRangeBody {
		w.forget(loop.Key)
		w.forget(loop.Value)
	}
	for _, n := range block.Nodes {
		w.node(n)
	}
	return w.set
}

// hook is something of which a channel has at most one: a With… method sets it, or it
// is an inprocchain.Chain.
type hook struct {
	of   place
	name string
}

// setHooks maps each hook that may be set to the position where it was set last.
type setHooks map[hook]token.Pos

// join adds the hooks that may be set on another path, and reports whether that changed
// s.
func (s setHooks) join(other setHooks) (changed bool) {
	for h, pos := range other {
		if pos > s[h] {
			s[h] = pos
			changed = true
		}
	}
	return changed
}

// replaces reports that n replaces the hook that was set at the earlier position. by
// names the called function that does so; it is empty if n is the call of the With…
// method itself.
func (w *hookWalker) replaces(h hook, n ast.Node, earlier token.Pos, by string) {
	subject, verb := h.name, "replaces"
	if by != "" {
		subject, verb = by, "calls "+h.name+" on this channel, which replaces"
	}
	w.report(n, "replaced", earlier, h.name, fmt.Sprintf("%s %s what %s set on the same channel, which then never runs, because a channel has only one; "+
		"pass all of them, first to last, to inprocchain.New(inprocchain.%s(…))", subject, verb, w.where(earlier, n.Pos()), hooks[h.name]))
}

// report reports a finding at n with the position that it is about. name is the
// text at that position, if it is highlighted.
func (w *hookWalker) report(n ast.Node, category string, pos token.Pos, name, message string) {
	if !w.at.Valid() {
		return
	}
	related := "set here"
	if category == "chained" {
		related = "the chain is added here"
	}
	w.found(w.at, analysis.Diagnostic{
		Pos:      n.Pos(),
		End:      n.End(),
		Category: category,
		Message:  message,
		Related:  []analysis.RelatedInformation{{Pos: pos, End: pos + token.Pos(len(name)), Message: related}},
	}, false)
}

func (w *hookWalker) where(earlier, now token.Pos) string {
	if earlier == now {
		return "the previous iteration of the loop"
	}
	return fmt.Sprint("line ", w.line(earlier))
}
