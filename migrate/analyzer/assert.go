package analyzer

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// checkAssertions finds assertions to *inprocgrpc.Channel and type switches with
// a case for it.
func (c *checker) checkAssertions() {
	for cur := range c.all((*ast.TypeAssertExpr)(nil), (*ast.TypeSwitchStmt)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.TypeAssertExpr:
			if n.Type != nil && isChannel(c.info.TypeOf(n.Type)) {
				c.assertion(cur, n)
			}
		case *ast.TypeSwitchStmt:
			c.typeSwitch(cur, n)
		}
	}
}

func (c *checker) assertion(cur inspector.Cursor, assert *ast.TypeAssertExpr) {
	_, checked := c.info.TypeOf(assert).(*types.Tuple)
	d := analysis.Diagnostic{Pos: assert.Pos(), End: assert.End(), Category: "assertion"}
	switch {
	case c.holds(assert.X) == heldWrapper:
		d.Message = "this assertion " + failsHow(checked) + ": grpchan's Intercept functions return a wrapper, never the *inprocgrpc.Channel in it; " +
			"keep the channel in its own variable, and " + c.passInterceptors(assert.X)
	case !isClientConnInterface(c.info.TypeOf(assert.X)):
		d.Message = "this assertion " + missedHow(checked) + "; pass a grpc.ClientConnInterface to inprocchain.Unwrap or inprocchain.As, which see through wrappers"
	case !checked:
		d.Message = "this assertion panics if the channel is wrapped; use inprocchain.Unwrap, which sees through wrappers and returns an error"
	default:
		reason := c.useAs(cur, assert)
		d.Message = "this assertion misses a wrapped channel; use inprocchain.As[*inprocgrpc.Channel], which sees through wrappers" + because(reason)
		c.found(cur, d, reason == "")
		return
	}
	c.found(cur, d, false)
}

// passInterceptors returns the advice for the interceptors of the wrapper e.
// inprocchain.Wrap panics for a channel that is already configured.
func (c *checker) passInterceptors(e ast.Expr) string {
	for _, channel := range c.baseChannels(e, nil) {
		settings, wraps := c.configuredBy(channel)
		if len(wraps) > 0 {
			return "pass the interceptors to the call of inprocchain.Wrap (" + wraps[0] + ")"
		}
		if len(settings) > 0 {
			return "pass the interceptors, and what " + list(settings) + " set on the channel, to one inprocchain.New; inprocchain.Wrap panics for a channel that is already configured"
		}
	}
	return "pass the interceptors to inprocchain.New, or to inprocchain.Wrap if the channel is not configured yet"
}

func failsHow(checked bool) string {
	if checked {
		return "never succeeds"
	}
	return "always panics"
}

func missedHow(checked bool) string {
	if checked {
		return "misses a wrapped channel"
	}
	return "panics if the channel is wrapped"
}

// isClientConnInterface reports whether t has the methods of the interface that
// inprocchain.Unwrap and As take.
func isClientConnInterface(t types.Type) bool {
	for _, name := range []string{"Invoke", "NewStream"} {
		if method, _, _ := types.LookupFieldOrMethod(t, false, nil, name); method == nil {
			return false
		}
	}
	return true
}

// useAs plans to turn a checked assertion into a call of inprocchain.As, or
// returns why that is not possible.
func (c *checker) useAs(cur inspector.Cursor, assert *ast.TypeAssertExpr) (reason string) {
	if !c.plainBool(cur) {
		return "its second result is not assigned to a plain bool"
	}
	p := c.plan(cur)
	if reason := p.try([]edit{
		{assert.Pos(), assert.Pos(), qualifier + "As[" + types.ExprString(assert.Type) + "]("},
		{assert.X.End(), assert.End(), ")"},
	}); reason != "" {
		return reason
	}
	p.kept = append(p.kept, assert.Type)
	return ""
}

// plainBool reports whether the second result of the assertion at cur is assigned
// to a bool. That of an assertion can be assigned to every type whose underlying
// type is bool, that of a function cannot.
func (c *checker) plainBool(cur inspector.Cursor) bool {
	for kind := cur.ParentEdgeKind(); kind == edge.ParenExpr_X; kind = cur.ParentEdgeKind() {
		cur = cur.Parent()
	}
	switch n := cur.Parent().Node().(type) {
	case *ast.AssignStmt:
		if id, ok := n.Lhs[1].(*ast.Ident); ok && id.Name == "_" {
			return true
		}
		return types.Identical(c.info.TypeOf(n.Lhs[1]), types.Typ[types.Bool])
	case *ast.ValueSpec:
		return n.Type == nil
	}
	return false
}

// typeSwitch finds a case for *inprocgrpc.Channel in a switch that has none for
// wrappers.
func (c *checker) typeSwitch(cur inspector.Cursor, n *ast.TypeSwitchStmt) {
	var cases []ast.Expr
	for _, clause := range n.Body.List {
		cases = append(cases, clause.(*ast.CaseClause).List...)
	}
	if slices.ContainsFunc(cases, c.unwraps) {
		return
	}
	for _, e := range cases {
		if isChannel(c.info.TypeOf(e)) {
			c.found(cur, analysis.Diagnostic{
				Pos:      e.Pos(),
				End:      e.End(),
				Category: "assertion",
				Message:  "this case misses a wrapped channel; before the switch, call inprocchain.As[*inprocgrpc.Channel], which sees through wrappers",
			}, false)
		}
	}
}

// unwraps reports whether e is a type with an Unwrap method, like the wrappers of
// channels.
func (c *checker) unwraps(e ast.Expr) bool {
	t := c.info.TypeOf(e)
	if t == nil || c.isNil(e) {
		return false
	}
	method, _, _ := types.LookupFieldOrMethod(t, false, nil, "Unwrap")
	return method != nil
}
