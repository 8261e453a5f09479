package analyzer

import (
	"fmt"
	"go/ast"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// checkStatsHandlers finds stats handlers that are set on an inprocgrpc.Channel.
func (c *checker) checkStatsHandlers() {
	reasons := make(map[ast.Node]string) // by the outermost call of a chain
	for cur := range c.all((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		sel, name := c.hookOf(call)
		if name != "WithServerStatsHandler" && name != "WithClientStatsHandler" || c.isNil(call.Args[0]) {
			continue
		}
		chain := c.outermost(cur)
		reason, tried := reasons[chain.Node()]
		if !tried {
			reason = c.renew(chain)
			reasons[chain.Node()] = reason
		}
		c.found(cur, analysis.Diagnostic{
			Pos:      sel.Sel.Pos(),
			End:      sel.Sel.End(),
			Category: "stats",
			Message: fmt.Sprintf("durations are wrong here: an inprocgrpc.Channel reports the end of an RPC without its beginning, "+
				"and most of what lies between not at all; pass the handler to inprocchain.New(inprocchain.%s(…))", hooks[name]) + because(reason),
		}, reason == "")
	}
}

// outermost returns the last call of the chain of With… calls that the one at cur is in.
func (c *checker) outermost(cur inspector.Cursor) inspector.Cursor {
	for {
		sel := outside(cur)
		if sel.ParentEdgeKind() != edge.CallExpr_Fun {
			return cur
		}
		if on, _ := c.settingOf(sel.Parent().Node().(ast.Expr)); on == nil || on != sel.Node() {
			return cur
		}
		cur = sel.Parent()
	}
}

// renew plans to turn a chain of With… calls on a channel made in the same expression into inprocchain.New. If
// that might not compile or not do the same, it plans nothing and returns why.
func (c *checker) renew(chain inspector.Cursor) (reason string) {
	calls, made := c.links(chain.Node().(*ast.CallExpr))
	if !made {
		return "the channel is not made in the same expression"
	}
	if !c.newFlow(grpcInterface).expr(chain) {
		return "it is used as an *inprocgrpc.Channel, which an *inprocchain.Channel is not"
	}
	seen := make(map[string]bool)
	for _, call := range calls {
		_, name := c.settingOf(call)
		if seen[name] {
			return "a part of it is replaced"
		}
		seen[name] = true
		handler := name == "WithServerStatsHandler" || name == "WithClientStatsHandler" // nil would panic there, too
		if c.isNil(call.Args[0]) || !handler && !c.never(call.Args[0], 0) {
			return "the argument of " + name + " may be nil, which inprocchain.New refuses"
		}
	}
	if !c.plan(chain).try(c.renewEdits(calls)) {
		return commentInTheWay
	}
	return ""
}

// links returns the calls of a chain, the first first, and whether the channel is made where it begins.
func (c *checker) links(call *ast.CallExpr) (calls []*ast.CallExpr, made bool) {
	sel, _ := c.settingOf(call)
	if inner, _ := c.settingOf(sel.X); inner != nil {
		calls, made = c.links(ast.Unparen(sel.X).(*ast.CallExpr))
		return append(calls, call), made
	}
	return []*ast.CallExpr{call}, c.isFresh(sel.X)
}

// renewEdits leave the arguments where they are, on lines of their own if they were, and replace what stands
// between them.
func (c *checker) renewEdits(calls []*ast.CallExpr) []edit {
	first, last := calls[0], calls[len(calls)-1]
	separator, begin, end := ", ", "", ""
	if sel, _ := c.settingOf(last); c.line(sel.Sel.Pos()) > c.line(first.Pos()) {
		separator, begin, end = ",\n", "\n", ",\n"
	}
	var edits []edit
	pos, text := first.Pos(), qualifier+"New("+begin
	for _, call := range calls {
		arg := call.Args[0]
		edits = append(edits, edit{pos, arg.Pos(), text + qualifier + c.optionOf(call) + "("})
		pos, text = arg.End(), ")"+separator
	}
	return slices.Concat(edits, []edit{{pos, last.End(), ")" + end + ")"}})
}

// optionOf names the option that does what a With… call does.
func (c *checker) optionOf(call *ast.CallExpr) string {
	_, name := c.settingOf(call)
	if option := hooks[name]; option != "" {
		return option
	}
	return name // WithCloner
}
