package analyzer

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"
)

// checkReplaced finds interceptors and stats handlers of a channel that a later
// call replaces. It follows every path through a function.
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
		w := hookWalker{checker: c, set: make(setHooks)}
		w.walk(block, before[block])
		for _, next := range block.Succs {
			known, seen := before[next]
			if !seen {
				known = make(setHooks)
				before[next] = known
			}
			if known.join(w.set) || !seen {
				work = append(work, next)
			}
		}
	}
	for _, block := range graph.Blocks {
		if set, reached := before[block]; reached {
			w := hookWalker{checker: c, at: at, set: make(setHooks)}
			w.walk(block, set)
		}
	}
}

// mayReturn reports whether call may return. It recognizes only panic. Other functions
// that do not return only add paths that are never taken.
func mayReturn(call *ast.CallExpr) bool {
	id, ok := call.Fun.(*ast.Ident)
	return !ok || id.Name != "panic"
}

// hook is something of which a channel has at most one, and that a With… method sets.
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
