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
		if !isStatsHook(name) || c.isNil(call.Args[0]) || c.chained[sel.Sel] {
			continue
		}
		chain := c.outermost(cur)
		reason, tried := reasons[chain.Node()]
		if !tried {
			reason = c.useNew(chain)
			reasons[chain.Node()] = reason
		}
		c.found(cur, analysis.Diagnostic{
			Pos:      sel.Sel.Pos(),
			End:      sel.Sel.End(),
			Category: "stats",
			Message: fmt.Sprintf("this stats handler measures wrong durations: an inprocgrpc.Channel reports the end of an RPC without its begin time "+
				"and leaves out most other events; pass the handler to inprocchain.New(inprocchain.%s(…))", hooks[name]) + because(reason),
		}, reason == "")
	}
}

func isStatsHook(name string) bool {
	return name == "WithServerStatsHandler" || name == "WithClientStatsHandler"
}

// outermost returns the last call in the chain of With… calls that contains the
// one at cur.
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

const usedAsChannel = "it is used as an *inprocgrpc.Channel, and New returns an *inprocchain.Channel"

// useNew plans to turn a chain of With… calls on a channel that is made in the
// same expression, or directly before, into inprocchain.New. If the result might
// not compile or might behave differently, it plans nothing and returns the
// reason.
func (c *checker) useNew(chain inspector.Cursor) (reason string) {
	calls, made := c.links(chain.Node().(*ast.CallExpr))
	if !made {
		return c.useNewForVariable(calls)
	}
	if !c.newFlow(grpcInterface).expr(chain) {
		return usedAsChannel
	}
	options, reason := c.newOptions(calls)
	if reason != "" {
		return reason
	}
	if mayBeNil(options) {
		return c.build(chain, "New", nil, options, nil)
	}
	return c.plan(chain).try(c.newEdits(calls))
}

// newOptions returns the options of inprocchain.New for With… calls.
func (c *checker) newOptions(calls []*ast.CallExpr) (options []option, reason string) {
	seen := make(map[string]bool)
	for _, call := range calls {
		_, name := c.settingOf(call)
		if seen[name] {
			return nil, "one of the calls replaces another one"
		}
		seen[name] = true
		arg := call.Args[0]
		if c.isNil(arg) {
			return nil, "the argument of " + name + " is nil, which inprocchain.New rejects"
		}
		// RPCs would panic with a nil stats handler, so it may be assumed not to be nil.
		options = append(options, option{name: optionFor(name), arg: arg, maybeNil: !isStatsHook(name) && !c.neverNil(arg, 0)})
	}
	return options, ""
}

// links returns the calls of a chain in the order in which they run, and whether
// the chain begins with a new channel.
func (c *checker) links(call *ast.CallExpr) (calls []*ast.CallExpr, made bool) {
	sel, _ := c.settingOf(call)
	if inner, _ := c.settingOf(sel.X); inner != nil {
		calls, made = c.links(ast.Unparen(sel.X).(*ast.CallExpr))
		return append(calls, call), made
	}
	return []*ast.CallExpr{call}, c.isFresh(sel.X)
}

// newEdits returns the edits that leave the arguments where they are, on their
// own lines if they were on such, and replace the text between them.
func (c *checker) newEdits(calls []*ast.CallExpr) []edit {
	first, last := calls[0], calls[len(calls)-1]
	separator, begin, end := ", ", "", ""
	if sel, _ := c.settingOf(last); c.line(sel.Sel.Pos()) > c.line(first.Pos()) {
		separator, begin, end = ",\n", "\n", ",\n"
	}
	var edits []edit
	pos, text := first.Pos(), qualifier+"New("+begin
	for _, call := range calls {
		_, name := c.settingOf(call)
		arg := call.Args[0]
		edits = append(edits, edit{pos, arg.Pos(), text + qualifier + optionFor(name) + "("})
		pos, text = arg.End(), ")"+separator
	}
	return slices.Concat(edits, []edit{{pos, last.End(), ")" + end + ")"}})
}
