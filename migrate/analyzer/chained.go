package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
)

// chainOn is the hook of a channel's inprocchain.Chain.
func chainOn(of place) hook { return hook{of, "Chain"} }

// onChained reports that h is set at n, if the channel has an inprocchain.Chain.
func (r *replacing) onChained(h hook, n ast.Node, by string) bool {
	made, on := r.set[chainOn(h.of)]
	if !on {
		made, on = r.madeChained(h.of)
	}
	if !on {
		return false
	}
	subject := h.name + " is called on a channel that has an inprocchain.Chain"
	if by != "" {
		subject = by + " calls " + h.name + " on this channel, which has an inprocchain.Chain"
	}
	r.chained[n] = true
	r.report(n, "chained", made, "", fmt.Sprintf("%s (line %d): from then on, every RPC fails with Internal, and RegisterService, InProcess and NewClient panic; "+
		"pass inprocchain.%s(…) to inprocchain.New or inprocchain.Wrap", subject, r.line(made), optionFor(h.name)))
	return true
}

// madeChained returns where the only channel that is ever in p comes from, if
// that has an inprocchain.Chain. It is for variables that a function literal
// captures.
func (r *replacing) madeChained(p place) (token.Pos, bool) {
	if p.root == nil || p.fields != "" {
		return token.NoPos, false
	}
	call, ok := ast.Unparen(r.vars.sole(p.root)).(*ast.CallExpr)
	if !ok || !r.givesChained(call) {
		return token.NoPos, false
	}
	return call.Pos(), true
}

// givesChained reports whether call returns an *inprocgrpc.Channel that has an
// inprocchain.Chain.
func (r *replacing) givesChained(call *ast.CallExpr) bool {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && sel.Sel.Name == "InProcess" {
		return isOurChannel(r.info.TypeOf(sel.X))
	}
	for _, name := range []string{"Unwrap", "As"} {
		if r.callOf(call, inprocchainPath, name) != nil && len(call.Args) == 1 {
			return isOurChannel(r.info.TypeOf(call.Args[0]))
		}
	}
	return false
}
