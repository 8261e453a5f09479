package analyzer

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

const (
	metadataPath = "google.golang.org/grpc/metadata"

	keysBecomeHeaders = "this loop turns the keys of incoming metadata into HTTP headers: on an inprocchain.Channel, as on a network, " +
		"they include content-type, user-agent, and :authority, which is no valid name of a header; leave these out"
	headersBecomeMetadata = " copies HTTP headers into outgoing metadata: on an inprocchain.Channel, as on a network, " +
		"an RPC with the key connection fails; copy only the headers that the service needs"
)

// checkMetadata finds code that copies incoming metadata to HTTP headers, or HTTP headers to
// outgoing metadata, without a look at the keys.
func (c *checker) checkMetadata() {
	for cur := range c.all((*ast.RangeStmt)(nil)) {
		loop := cur.Node().(*ast.RangeStmt)
		key := varOf(c.info, loop.Key)
		if key == nil {
			continue
		}
		message, sink := "", c.isMetadataKey
		switch {
		case c.isIncoming(loop.X):
			message, sink = keysBecomeHeaders, c.isHeaderKey
		case isNamed(c.info.TypeOf(loop.X), "net/http", "Header"):
			message = "this loop" + headersBecomeMetadata
		}
		if message != "" && c.keyReaches(loop.Body, key, sink) {
			c.found(cur, analysis.Diagnostic{Pos: loop.Pos(), End: loop.Body.Lbrace, Category: "metadata", Message: message}, false)
		}
	}
	for cur, call := range c.calls() {
		if c.convertsHeaders(call) || c.matchesEveryHeader(call) {
			c.found(cur, analysis.Diagnostic{Pos: call.Pos(), End: call.End(), Category: "metadata", Message: "this" + headersBecomeMetadata}, false)
		}
	}
}

// isIncoming reports whether e is a variable with incoming metadata.
func (c *checker) isIncoming(e ast.Expr) bool {
	call, ok := c.vars.first[varOf(c.info, e)].(*ast.CallExpr)
	return ok && c.callsOneOf(call, metadataPath, "FromIncomingContext")
}

// keyReaches reports whether the body of a loop uses the key, or a variable that is made of
// it, as sink recognizes, and has no condition with it.
func (c *checker) keyReaches(body *ast.BlockStmt, key *types.Var, sink func(n ast.Node) ast.Expr) bool {
	keys := []*types.Var{key}
	made := func(e ast.Expr) bool {
		for _, x := range keys {
			if e != nil && mentions(c.info, e, x) {
				return true
			}
		}
		return false
	}
	reaches := false
	var conditions []ast.Expr
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, lhs := range n.Lhs {
				if x := varOf(c.info, lhs); x != nil && made(n.Rhs[0]) {
					keys = append(keys, x)
				}
			}
		case *ast.IfStmt:
			conditions = append(conditions, n.Cond)
		case *ast.SwitchStmt:
			conditions = append(conditions, n.Tag)
		}
		reaches = reaches || made(sink(n))
		return true
	})
	return reaches && !slices.ContainsFunc(conditions, made)
}

// isHeaderKey returns the name of the HTTP header that n sets.
func (c *checker) isHeaderKey(n ast.Node) ast.Expr {
	return c.keySet(n, "net/http", "Header", "Set", "Add")
}

// isMetadataKey returns the key of the metadata that n sets.
func (c *checker) isMetadataKey(n ast.Node) ast.Expr {
	if call, ok := n.(*ast.CallExpr); ok && c.callsOneOf(call, metadataPath, "AppendToOutgoingContext") && len(call.Args) > 1 {
		return call.Args[1]
	}
	return c.keySet(n, metadataPath, "MD", "Set", "Append")
}

// keySet returns the key that n sets in a map of the named type, by one of its methods or by
// an assignment.
func (c *checker) keySet(n ast.Node, path, name string, methods ...string) ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
		if ok && isNamed(c.info.TypeOf(sel.X), path, name) && c.callsOneOf(n, path, methods...) {
			return n.Args[0]
		}
	case *ast.AssignStmt:
		index, ok := n.Lhs[0].(*ast.IndexExpr)
		if ok && isNamed(c.info.TypeOf(index.X), path, name) {
			return index.Index
		}
	}
	return nil
}

// convertsHeaders reports whether call makes outgoing metadata of an http.Header.
func (c *checker) convertsHeaders(call *ast.CallExpr) bool {
	if !c.callsOneOf(call, metadataPath, "NewOutgoingContext") || len(call.Args) != 2 {
		return false
	}
	e := call.Args[1]
	if x := varOf(c.info, e); x != nil {
		e = c.vars.sole(x)
	}
	conversion, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok && c.info.Types[conversion.Fun].IsType() && isNamed(c.info.TypeOf(conversion.Args[0]), "net/http", "Header")
}

// matchesEveryHeader reports whether call gives a gateway a function that turns every HTTP
// header into metadata.
func (c *checker) matchesEveryHeader(call *ast.CallExpr) bool {
	fn := c.callee(call)
	if fn == nil || fn.Name() != "WithIncomingHeaderMatcher" || fn.Pkg() == nil || !strings.HasPrefix(fn.Pkg().Path(), gatewayPath) || len(call.Args) != 1 {
		return false
	}
	var body *ast.BlockStmt
	switch matcher := ast.Unparen(call.Args[0]).(type) {
	case *ast.FuncLit:
		body = matcher.Body
	case *ast.Ident:
		if fn, ok := c.info.Uses[matcher].(*types.Func); ok && c.funcs[fn] != nil {
			body = c.funcs[fn].Body
		}
	}
	if body == nil {
		return false
	}
	for n := range ast.Preorder(body) {
		if ret, ok := n.(*ast.ReturnStmt); ok && (len(ret.Results) != 2 || types.ExprString(ret.Results[1]) != "true") {
			return false
		}
	}
	return true
}
