package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
)

// chainOn is the hook of a channel's inprocchain.Chain.
func chainOn(of place) hook { return hook{of, "Chain"} }

// onChained reports that h is set at n, if the channel has an inprocchain.Chain.
func (w *hookWalker) onChained(h hook, n ast.Node, by string) bool {
	made, on := w.set[chainOn(h.of)]
	if !on {
		made, on = w.assignedChained(h.of)
	}
	if !on {
		return false
	}
	subject := h.name + " is called on a channel that has an inprocchain.Chain"
	if by != "" {
		subject = by + " calls " + h.name + " on this channel, which has an inprocchain.Chain"
	}
	w.chained[n] = true
	w.report(n, "chained", made, "", fmt.Sprintf("%s (line %d): from then on, every RPC fails with Internal, and RegisterService, InProcess and NewClient panic; "+
		"pass inprocchain.%s(…) to inprocchain.New or inprocchain.Wrap", subject, w.line(made), optionFor(h.name)))
	return true
}

// assignedChained returns the position of the only channel that is ever assigned to p,
// if it has an inprocchain.Chain. It is used for variables that a function literal
// captures.
func (w *hookWalker) assignedChained(p place) (token.Pos, bool) {
	if p.root == nil || p.fields != "" {
		return token.NoPos, false
	}
	call, ok := ast.Unparen(w.vars.sole(p.root)).(*ast.CallExpr)
	if !ok || !w.returnsChained(call) {
		return token.NoPos, false
	}
	return call.Pos(), true
}

// returnsChained reports whether call returns an *inprocgrpc.Channel that has an
// inprocchain.Chain.
func (w *hookWalker) returnsChained(call *ast.CallExpr) bool {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && sel.Sel.Name == "InProcess" {
		return isInprocchainChannel(w.info.TypeOf(sel.X))
	}
	for _, name := range []string{"Unwrap", "As"} {
		if w.callOf(call, inprocchainPath, name) != nil && len(call.Args) == 1 {
			return isInprocchainChannel(w.info.TypeOf(call.Args[0]))
		}
	}
	return false
}
