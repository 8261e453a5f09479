package analyzer

import (
	"go/ast"
	"go/types"
	"slices"
)

// held is the set of what an expression may hold at run time. The empty set
// holds only nil.
type held uint8

const (
	heldChannel   held = 1 << iota // an *inprocgrpc.Channel
	heldEmbedding                  // a value that embeds one
	heldWrapper                    // grpchan's wrapper around one of these
	heldOther                      // anything else
)

// inProcess reports whether every RPC on what is held ends at an
// inprocgrpc.Channel.
func (h held) inProcess() bool { return h != 0 && h&heldOther == 0 }

// holds returns what e may hold, judged by its static type or, for an interface, by what
// this package assigns to it.
func (c *checker) holds(e ast.Expr) held { return c.holdsBut(e, nil) }

// holdsBut is holds, ignoring the variables on path.
func (c *checker) holdsBut(e ast.Expr, path []*types.Var) held {
	e = ast.Unparen(e)
	t := c.info.TypeOf(e)
	switch {
	case c.isNil(e):
		return 0
	case isChannel(t):
		return heldChannel
	case carriesChannel(t):
		return heldEmbedding
	}
	if call, ok := e.(*ast.CallExpr); ok {
		return c.holdsResult(call, path)
	}
	return c.holdsVariable(varOf(c.info, e), path)
}

func (c *checker) holdsResult(call *ast.CallExpr, path []*types.Var) held {
	if c.info.Types[call.Fun].IsType() && len(call.Args) == 1 {
		return c.holdsBut(call.Args[0], path)
	}
	if _, kind := c.interceptOf(call); kind == noIntercept {
		return heldOther
	}
	inner := c.holdsBut(call.Args[0], path)
	if inner.inProcess() && len(c.interceptors(call)) > 0 {
		return heldWrapper
	}
	return inner
}

func (c *checker) holdsVariable(x *types.Var, path []*types.Var) held {
	if x == nil || !types.IsInterface(x.Type()) {
		return heldOther
	}
	if slices.Contains(path, x) {
		return 0 // Its values are counted where they are assigned.
	}
	a, ok := c.vars.of(x)
	if !ok {
		return heldOther
	}
	var h held
	for _, value := range a.values {
		h |= c.holdsBut(value, append(path, x))
	}
	return h
}
