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
	heldChannel held = 1 << iota // an *inprocgrpc.Channel or an *inprocchain.Channel
	heldWrapper                  // grpchan's wrapper around one
	heldOther                    // anything else
)

// inProcess reports whether every RPC on what is held ends at an in-process channel.
func (h held) inProcess() bool { return h != 0 && h&heldOther == 0 }

// holds returns what e may hold, judged by its static type or, for an interface, by what
// this package assigns to it. It ignores the variables on path.
func (c *checker) holds(e ast.Expr, path ...*types.Var) held {
	e = ast.Unparen(e)
	t := c.info.TypeOf(e)
	switch {
	case c.isNil(e):
		return 0
	case isChannel(t), isPointerTo(t, inprocchainPath, "Channel"):
		return heldChannel
	}
	if call, kind := c.interceptOf(e); kind != noIntercept {
		inner := c.holds(call.Args[0], path...)
		if inner.inProcess() && len(c.layerOf(call).options) > 0 {
			return heldWrapper
		}
		return inner
	}
	return c.holdsVariable(varOf(c.info, e), path)
}

func (c *checker) holdsVariable(x *types.Var, path []*types.Var) (h held) {
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
	for _, value := range a.values {
		h |= c.holds(value, append(path, x)...)
	}
	return h
}
