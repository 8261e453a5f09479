package analyzer

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// An option is one of inprocchain's options with its argument.
type option struct {
	name     string
	arg      ast.Expr
	spread   bool // arg is a slice, followed by three dots
	maybeNil bool
}

func mayBeNil(options []option) bool {
	return slices.ContainsFunc(options, func(o option) bool { return o.maybeNil })
}

// evaluated returns how many of the options' arguments call functions or receive
// from channels, so that it may matter when they are evaluated.
func (c *checker) evaluated(options []option) (n int) {
	for _, o := range options {
		if c.hasEffects(o.arg) {
			n++
		}
	}
	return n
}

func (c *checker) hasEffects(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			found = found || !c.info.Types[n.Fun].IsType()
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return true
	})
	return found
}

// build plans to replace the expression at cur with a call of inprocchain's
// function fun, with these arguments and options. If an argument of an option
// may be nil, statements before the call test it, because inprocchain panics for
// a nil interceptor and grpchan ignores it. The declaration is part of the edits.
func (c *checker) build(cur inspector.Cursor, fun string, args []ast.Expr, options []option, declaration []edit) (reason string) {
	b := builder{checker: c, opts: "opts"}
	edits := declaration
	var params []string
	for _, arg := range args {
		params = append(params, b.text(arg))
	}
	if mayBeNil(options) {
		stmt, ok := hoistable(cur)
		if !ok {
			return "an interceptor may be nil, which inprocchain." + fun + " rejects, and no statement can test it before the call"
		}
		b.opts = c.plan(cur).newName("opts", c.scope(stmt), stmt.Node().Pos())
		edits = append(edits, edit{stmt.Node().Pos(), stmt.Node().Pos(), b.statements(options)})
		params = append(params, b.opts+"...")
	} else {
		params = append(params, b.grouped(options)...)
	}
	n := cur.Node()
	separator, begin, end := ", ", "", ""
	if len(params) > 3 {
		separator, begin, end = ",\n", "\n", ",\n"
	}
	edits = append(edits, edit{n.Pos(), n.End(), qualifier + fun + "(" + begin + strings.Join(params, separator) + end + ")"})
	p := c.plan(cur)
	if reason := p.try(edits); reason != "" {
		return reason
	}
	for _, arg := range args {
		p.kept = append(p.kept, arg)
	}
	for _, o := range options {
		p.kept = append(p.kept, o.arg)
	}
	return ""
}

// builder writes options as source.
type builder struct {
	*checker
	opts string // the name of the variable for the options
}

// text returns the source of e, without comments.
func (b *builder) text(e ast.Expr) string {
	var s strings.Builder
	if err := format.Node(&s, b.pass.Fset, e); err != nil {
		panic(err) // e has been parsed
	}
	return s.String()
}

// statements declares the variable for the options and appends the options whose
// argument is not nil.
func (b *builder) statements(options []option) string {
	first := 0
	for first < len(options) && !options[first].maybeNil {
		first++
	}
	var s strings.Builder
	if first == 0 {
		fmt.Fprintf(&s, "var %s []%sOption\n", b.opts, qualifier)
	} else {
		fmt.Fprintf(&s, "%s := []%sOption{%s}\n", b.opts, qualifier, strings.Join(b.grouped(options[:first]), ", "))
	}
	for _, o := range options[first:] {
		arg := b.text(o.arg)
		switch {
		case !o.maybeNil:
			s.WriteString(b.appending(o, arg))
		case isPath(o.arg):
			fmt.Fprintf(&s, "if %s != nil {\n%s}\n", arg, b.appending(o, arg))
		default:
			fmt.Fprintf(&s, "if value := %s; value != nil {\n%s}\n", arg, b.appending(o, "value"))
		}
	}
	return s.String()
}

func (b *builder) appending(o option, arg string) string {
	return fmt.Sprintf("%s = append(%[1]s, %s%s(%s%s))\n", b.opts, qualifier, o.name, arg, dots(o))
}

// grouped returns the options, in which adjacent ones of the same name are one.
func (b *builder) grouped(options []option) (texts []string) {
	for i := 0; i < len(options); {
		o := options[i]
		args := []string{b.text(o.arg) + dots(o)}
		for i++; i < len(options) && options[i].name == o.name && !o.spread && !options[i].spread; i++ {
			args = append(args, b.text(options[i].arg))
		}
		texts = append(texts, qualifier+o.name+"("+strings.Join(args, ", ")+")")
	}
	return texts
}

func dots(o option) string {
	if o.spread {
		return "..."
	}
	return ""
}

// isPath reports whether e is a variable or a field of one, so that evaluating it twice
// has no effect.
func isPath(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		return isPath(e.X)
	}
	return false
}

// hoistable returns the statement around the expression at cur. ok reports whether a
// part of the expression can be evaluated in statements before it: that must not change
// the order of evaluation, or how often the part is evaluated.
func hoistable(cur inspector.Cursor) (stmt inspector.Cursor, ok bool) {
	for stmt = cur; !inBlock(stmt); stmt = stmt.Parent() {
		switch kind, _ := stmt.ParentEdge(); kind {
		case edge.BinaryExpr_Y, edge.FuncDecl_Body, edge.FuncLit_Body, edge.GenDecl_Specs:
			// The right side of && and || is evaluated conditionally, but that of
			// other operators always is.
			if _, local := stmt.Parent().Parent().Node().(*ast.DeclStmt); kind != edge.GenDecl_Specs || !local {
				return stmt, false
			}
		}
		if _, is := stmt.Node().(ast.Stmt); is {
			return stmt, false // in the header of another statement
		}
		if _, is := stmt.Node().(*ast.File); is {
			return stmt, false
		}
	}
	return stmt, !evaluatesBefore(stmt.Node(), cur.Node().Pos()) && !jumps(stmt)
}

// jumps reports whether the function around cur has a goto statement. It must not jump
// over the declaration of a variable.
func jumps(cur inspector.Cursor) bool {
	for fun := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for branch := range fun.Preorder((*ast.BranchStmt)(nil)) {
			if branch.Node().(*ast.BranchStmt).Tok == token.GOTO {
				return true
			}
		}
		return false
	}
	return false
}

// inBlock reports whether the node at cur is a statement in a list of statements.
func inBlock(cur inspector.Cursor) bool {
	switch kind, _ := cur.ParentEdge(); kind {
	case edge.BlockStmt_List, edge.CaseClause_Body, edge.CommClause_Body:
		return true
	}
	return false
}

// evaluatesBefore reports whether a call or a receive in n is complete before the
// expression at pos is evaluated.
func evaluatesBefore(n ast.Node, pos token.Pos) (before bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			before = before || n.End() <= pos
		case *ast.UnaryExpr:
			before = before || n.Op == token.ARROW && n.End() <= pos
		}
		return true
	})
	return before
}

// newName is a name that a plan declares in a scope.
type newName struct {
	name  string
	scope *types.Scope
}

// newName returns a name like the given one that is unused in scope and in the
// scopes around it, and reserves it.
func (p *plan) newName(name string, scope *types.Scope, pos token.Pos) string {
	base := name
	for n := 2; p.used(name, scope, pos); n++ {
		name = fmt.Sprint(base, n)
	}
	p.names = append(p.names, newName{name, scope})
	return name
}

func (p *plan) used(name string, scope *types.Scope, pos token.Pos) bool {
	if _, obj := scope.LookupParent(name, pos); obj != nil || scope.Lookup(name) != nil {
		return true
	}
	for _, other := range p.names {
		if other.name == name && (within(scope, other.scope) || within(other.scope, scope)) {
			return true
		}
	}
	return false
}

// within reports whether inner is outer or is in it.
func within(inner, outer *types.Scope) bool {
	for s := inner; s != nil; s = s.Parent() {
		if s == outer {
			return true
		}
	}
	return false
}
