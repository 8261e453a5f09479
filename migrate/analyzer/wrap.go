package analyzer

import (
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/inspector"
)

// wrap plans to turn the intercept call at cur, the calls nested in it, and a later
// statement that adds layers to its result, into one call of inprocchain.Wrap. If the
// program might not compile or might behave differently, it plans nothing and returns the
// reason.
func (c *checker) wrap(cur inspector.Cursor, call *ast.CallExpr) (reason string) {
	p := c.plans[fileOf(cur)]
	if slices.Contains(p.calls, call) {
		return "" // It is a later statement.
	}
	layers := c.layersOf(call)
	last, later, ok := c.laterLayers(cur)
	if ok {
		layers = append(c.layersOf(later), layers...)
	}
	if reason := c.wrapChannel(cur, channelOf(layers)); reason != "" {
		return reason
	}
	if reason := c.wrapLayers(layers); reason != "" {
		return reason
	}
	var edits []edit
	result := cur
	if ok {
		if reason := c.wrapLater(cur, last); reason != "" {
			return reason
		}
		first, _, _ := outside(cur)
		removed := c.wholeLines(first.Node().Pos(), first.Node().End())
		if p.hasComment(removed) {
			removed = edit{pos: first.Node().Pos(), end: first.Node().End()}
		}
		edits = append(edits, removed)
		result = c.cursor(later)
	}
	declaration, reason := c.wrapResult(result, ok)
	if reason != "" {
		return reason
	}
	text, reason := c.wrapText(result, layers)
	if reason != "" {
		return reason
	}
	edits = append(edits, declaration...)
	edits = append(edits, edit{result.Node().Pos(), result.Node().End(), text})
	return p.try(edits, layers)
}

// wrapLayers returns why the interceptors of the layers may not be options of one call.
func (c *checker) wrapLayers(layers []layer) (reason string) {
	evaluated := 0 // layers whose arguments call functions
	for _, l := range layers {
		if _, qualified := ast.Unparen(l.call.Fun).(*ast.SelectorExpr); !qualified {
			return "grpchan is imported with a dot"
		}
		if slices.ContainsFunc(l.options, func(o option) bool { return c.callsFunctions(o.arg) }) {
			evaluated++
		}
		for _, o := range l.options {
			if !o.spread && !c.neverNil(o.arg, 0) {
				return "an interceptor may be nil, which inprocchain.Wrap rejects"
			}
		}
	}
	if evaluated > 1 {
		return "the nested calls evaluate their interceptors in a different order"
	}
	return ""
}

func (c *checker) callsFunctions(e ast.Expr) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		found = found || ok && !c.info.Types[call.Fun].IsType()
		_, literal := n.(*ast.FuncLit)
		return !literal
	})
	return found
}

// wrapLater returns why the declaration with the intercept call at cur may not move down
// to the statement at last, which adds layers.
func (c *checker) wrapLater(cur, last inspector.Cursor) (reason string) {
	call := cur.Node().(*ast.CallExpr)
	declared, _, _ := outside(cur)
	x := c.declares(declared)
	for _, id := range c.vars.uses[x] {
		if id.Pos() < last.Node().Pos() {
			return "the result is used before another layer is added to it"
		}
	}
	for _, arg := range call.Args {
		if c.callsFunctions(arg) {
			return "another layer is added to the result, and the interceptors would be evaluated later"
		}
	}
	for stmt, ok := declared.NextSibling(); ok && stmt != last; stmt, ok = stmt.NextSibling() {
		for assign := range stmt.Preorder((*ast.AssignStmt)(nil)) {
			for _, lhs := range assign.Node().(*ast.AssignStmt).Lhs {
				if y := varOf(c.info, lhs); y != nil && mentions(c.info, call, y) {
					return "another layer is added to the result, and " + y.Name() + " is assigned before"
				}
			}
		}
	}
	return ""
}

func mentions(info *types.Info, e ast.Expr, x *types.Var) (found bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && info.Uses[id] == x {
			found = true
		}
		return true
	})
	return found
}

// wrapChannel returns why channel may not be passed to inprocchain.Wrap at cur.
// Wrap panics for a channel that is already configured, or that it has wrapped.
func (c *checker) wrapChannel(cur inspector.Cursor, channel ast.Expr) (reason string) {
	if c.isFresh(channel) {
		return ""
	}
	if !isChannel(c.info.TypeOf(channel)) {
		return "it adds a layer to a connection; pass its interceptors, before the others, to the call that makes the connection"
	}
	x := varOf(c.info, channel)
	if x == nil || x.Parent() == x.Pkg().Scope() || c.vars.sole(x) == nil || !c.isFresh(c.vars.sole(x)) {
		return "the channel may already be configured, and then inprocchain.Wrap panics"
	}
	intercepts := 0
	for _, id := range c.vars.uses[x] {
		use := c.cursor(id)
		around, _, _ := outside(use)
		if call, ok := around.Node().(*ast.CallExpr); ok {
			if _, kind := c.interceptOf(call); kind != noIntercept && call.Args[0] == id {
				intercepts++
				continue
			}
		}
		if sel, ok := around.Node().(*ast.SelectorExpr); ok && isSetting(sel.Sel.Name) {
			return "the channel is configured (" + c.position(sel.Sel.Pos()) + "), so inprocchain.Wrap would panic; pass everything to one inprocchain.New"
		}
		if !c.takenAs(use, onlyServesAndCalls) {
			return "the channel may be configured elsewhere (" + c.position(id.Pos()) + "), and then inprocchain.Wrap panics"
		}
	}
	switch {
	case intercepts > 1:
		return "the channel is intercepted more than once, and inprocchain.Wrap accepts it only once"
	case repeats(cur, x):
		return "this may run more than once for one channel, and inprocchain.Wrap accepts it only once"
	}
	return ""
}

// repeats reports whether there is a loop or a function literal between the
// declaration of x and the call at cur.
func repeats(cur inspector.Cursor, x *types.Var) bool {
	for around := range cur.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncLit)(nil), (*ast.LabeledStmt)(nil)) {
		if n := around.Node(); x.Pos() < n.Pos() || n.End() <= x.Pos() {
			return true
		}
	}
	return false
}

// wrapResult returns why the result of the call at cur may not be an *inprocchain.Channel.
// If it may, it returns the edit of the declaration of a variable for it. If the variable
// is used otherwise than as an interface, it is declared with an interface type. moved
// says that the call is in an assignment that becomes the declaration.
func (c *checker) wrapResult(cur inspector.Cursor, moved bool) (declaration []edit, reason string) {
	const used = "its result is used in a way that might not compile, or might behave differently, with an *inprocchain.Channel"
	around, _, _ := outside(cur)
	assign, ok := around.Node().(*ast.AssignStmt)
	if !ok || assign.Tok == token.ASSIGN && !moved {
		if !c.takenAs(cur, anyInterface) || ok && c.asserted(varOf(c.info, assign.Lhs[0])) {
			return nil, used
		}
		return nil, ""
	}
	x := varOf(c.info, assign.Lhs[0])
	if x == nil || len(assign.Lhs) != 1 || c.asserted(x) {
		return nil, used
	}
	text := x.Name() + " := "
	switch only := c.onlyTakenAs(x, assign, anyInterface); {
	case only && !moved:
		return nil, ""
	case !only:
		name := c.importedName(fileOf(cur), grpcPath, assign.Pos())
		if name == "" || !inBlock(around) {
			return nil, used
		}
		text = "var " + x.Name() + " " + name + ".ClientConnInterface = "
	}
	return []edit{{assign.Pos(), cur.Node().Pos(), text}}, ""
}

// wrapText returns the call of inprocchain.Wrap at cur with the channel and the
// interceptors of the layers, outermost first.
func (c *checker) wrapText(cur inspector.Cursor, layers []layer) (text, reason string) {
	file, pos := fileOf(cur), cur.Node().Pos()
	name := c.importedName(file, inprocchainPath, pos)
	if name == "" {
		name = "inprocchain"
		if _, taken := c.info.Scopes[file].Innermost(pos).LookupParent(name, pos); taken != nil {
			return "", "the name inprocchain is used for something else"
		}
	}
	params := []string{c.text(channelOf(layers))}
	var options []option
	for _, l := range layers {
		options = append(options, l.options...)
	}
	for i := 0; i < len(options); {
		o := options[i]
		args := []string{c.text(o.arg)}
		for i++; i < len(options) && options[i].name == o.name && !o.spread && !options[i].spread; i++ {
			args = append(args, c.text(options[i].arg))
		}
		if o.spread {
			args[0] += "..."
		}
		params = append(params, name+"."+o.name+"("+strings.Join(args, ", ")+")")
	}
	return name + ".Wrap(" + strings.Join(params, ", ") + ")", ""
}

// text returns the source of e, without comments.
func (c *checker) text(e ast.Expr) string {
	var s strings.Builder
	if err := format.Node(&s, c.pass.Fset, e); err != nil {
		panic(err) // e has been parsed
	}
	return s.String()
}
