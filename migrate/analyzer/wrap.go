package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/inspector"
)

// wrap plans to turn the intercept call at cur, and the calls nested in it, into
// one call of inprocchain.Wrap. If the result might not compile or might behave
// differently, it plans nothing and returns the reason.
func (c *checker) wrap(cur inspector.Cursor) (reason string) {
	outer := cur.Node().(*ast.CallExpr)
	calls := c.nest(outer)
	channel := calls[len(calls)-1].Args[0]
	if c.onWrapped(channel) {
		return "" // It becomes a layer above an inprocchain.Channel, and needs no change.
	}
	if reason := c.wrapChannel(cur, channel); reason != "" {
		return reason
	}
	declaration, reason := c.wrapResult(cur)
	if reason != "" {
		return reason
	}
	reason = c.wrapPlan(cur, calls, channel, declaration)
	c.wrapped[outer] = reason == ""
	return reason
}

// nest returns the nested intercept calls, from the outermost to the one that
// takes the channel.
func (c *checker) nest(call *ast.CallExpr) []*ast.CallExpr {
	calls := []*ast.CallExpr{call}
	if inner, kind := c.interceptOf(call.Args[0]); kind != noIntercept {
		calls = append(calls, c.nest(inner)...)
	}
	return calls
}

// onWrapped reports whether channel is a variable that only ever holds the
// result of an intercept call that becomes inprocchain.Wrap, and layers above it.
func (c *checker) onWrapped(channel ast.Expr) bool {
	x := varOf(c.info, channel)
	if x == nil {
		return false
	}
	a, ok := c.vars.of(x)
	if !ok || a.zero {
		return false
	}
	found := false
	for _, value := range a.values {
		call, kind := c.interceptOf(value)
		if kind == noIntercept {
			return false
		}
		calls := c.nest(call)
		if c.wrapped[call] {
			found = true
		} else if varOf(c.info, calls[len(calls)-1].Args[0]) != x {
			return false
		}
	}
	return found
}

// wrapPlan plans the edits of wrap. The calls keep their text if they can, and
// are written again if an interceptor may be nil or their order changes.
func (c *checker) wrapPlan(cur inspector.Cursor, calls []*ast.CallExpr, channel ast.Expr, declaration []edit) (reason string) {
	options, reason := c.wrapOptions(calls)
	if reason != "" {
		return reason
	}
	if !mayBeNil(options) && !c.reorders(calls) {
		return c.plan(cur).try(slices.Concat(declaration, c.wrapEdits(calls)))
	}
	if len(calls) > 1 && c.evaluated(options) > 1 {
		return "the nested calls evaluate their interceptors in a different order"
	}
	return c.build(cur, "Wrap", []ast.Expr{channel}, options, declaration)
}

// wrapOptions returns the interceptors of the calls as options, outermost first.
func (c *checker) wrapOptions(calls []*ast.CallExpr) (options []option, reason string) {
	for _, call := range calls {
		_, kind := c.interceptOf(call)
		for i, arg := range call.Args[1:] {
			switch {
			case c.isNil(arg) && kind == interceptBoth:
			case c.isNil(arg):
				return nil, "an interceptor is nil"
			default:
				spread := call.Ellipsis.IsValid()
				options = append(options, option{c.wrapOption(call, i), arg, spread, !spread && !c.neverNil(arg, 0)})
			}
		}
	}
	return options, ""
}

// wrapOption returns the name of the option for the i-th interceptor of an
// intercept call.
func (c *checker) wrapOption(call *ast.CallExpr, i int) string {
	_, kind := c.interceptOf(call)
	if kind == interceptStream || kind == interceptBoth && i == 1 {
		return "WithStreamClientInterceptors"
	}
	return "WithUnaryClientInterceptors"
}

// reorders reports whether two of the nested calls have interceptors of the same
// kind. The outer ones run first, but come last in the source.
func (c *checker) reorders(calls []*ast.CallExpr) bool {
	seen := make(map[string]bool)
	for _, call := range calls {
		kinds := make(map[string]bool)
		for i, arg := range call.Args[1:] {
			if !c.isNil(arg) {
				kinds[c.wrapOption(call, i)] = true
			}
		}
		for kind := range kinds {
			if seen[kind] {
				return true
			}
			seen[kind] = true
		}
	}
	return false
}

// wrapResult returns why the result of the call at cur may not be an
// *inprocchain.Channel. If it may, but only in a variable of an interface type,
// it returns the edits that declare the variable with that type.
func (c *checker) wrapResult(cur inspector.Cursor) (declaration []edit, reason string) {
	result := c.newFlow(anyInterface)
	fine := result.expr(cur)
	switch {
	case result.asserted:
		return nil, "the type of the result is asserted, and the client interceptors would not run for RPCs on the channel itself"
	case fine:
		return nil, ""
	}
	if declaration := c.declareInterface(cur); declaration != nil {
		return declaration, ""
	}
	return nil, "its result is used in a way that might not compile, or might behave differently, with an *inprocchain.Channel"
}

// declareInterface returns the edits that turn the short variable declaration of
// the result of the call at cur into one with the type grpc.ClientConnInterface.
func (c *checker) declareInterface(cur inspector.Cursor) []edit {
	around := outside(cur)
	assign, ok := around.Node().(*ast.AssignStmt)
	if !ok || assign.Tok != token.DEFINE || len(assign.Lhs) != 1 || !inBlock(around) {
		return nil
	}
	x := assign.Lhs[0].(*ast.Ident)
	for _, spec := range fileOf(cur).Imports {
		pkg := c.pkgName(spec)
		if pkg == nil || pkg.Imported().Path() != grpcPath || x.Name == "_" {
			continue
		}
		if _, found := c.scope(cur).LookupParent(pkg.Name(), assign.Pos()); found == pkg {
			return []edit{{assign.Pos(), assign.Rhs[0].Pos(), "var " + x.Name + " " + pkg.Name() + ".ClientConnInterface = "}}
		}
	}
	return nil
}

// scope returns the innermost scope at cur.
func (c *checker) scope(cur inspector.Cursor) *types.Scope {
	return c.info.Scopes[fileOf(cur)].Innermost(cur.Node().Pos())
}

// wrapEdits returns the edits that leave the channel and the interceptors where
// they are.
func (c *checker) wrapEdits(calls []*ast.CallExpr) []edit {
	outer := calls[0]
	edits := []edit{{outer.Pos(), outer.Fun.End(), qualifier + "Wrap"}}
	for _, call := range calls[1:] { // removed with its parentheses; its options become the outer call's
		edits = append(edits, edit{call.Pos(), call.Args[0].Pos(), ""}, edit{lastEnd(call), call.End(), ""})
	}
	for _, call := range calls {
		edits = append(edits, c.optionEdits(call)...)
	}
	return slices.DeleteFunc(edits, func(e edit) bool { return e.pos == e.end && e.text == "" })
}

// optionEdits returns the edits that turn the interceptors of a call into
// options and remove those that are nil.
func (c *checker) optionEdits(call *ast.CallExpr) (edits []edit) {
	end := call.Args[0].End()
	for i, arg := range call.Args[1:] {
		option, last := c.wrapOption(call, i), i+2 == len(call.Args)
		switch {
		case c.isNil(arg):
			edits = append(edits, edit{end, arg.End(), ""})
		case i == 0 || option != c.wrapOption(call, i-1):
			edits = append(edits, edit{arg.Pos(), arg.Pos(), qualifier + option + "("})
		}
		if end = arg.End(); last {
			end = lastEnd(call)
		}
		if !c.isNil(arg) && (last || option != c.wrapOption(call, i+1)) {
			edits = append(edits, edit{end, end, ")"})
		}
	}
	return edits
}

// lastEnd returns where the arguments of a call end, without a trailing comma.
func lastEnd(call *ast.CallExpr) token.Pos {
	if call.Ellipsis.IsValid() {
		return call.Ellipsis + token.Pos(len("..."))
	}
	return call.Args[len(call.Args)-1].End()
}

// list joins names for a message.
func list(names []string) string { return strings.Join(names, " and ") }
