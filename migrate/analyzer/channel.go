package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"
)

const mayBeConfigured = ", so it may already be configured, and then inprocchain.Wrap panics"

// wrapChannel returns why channel may not be passed to inprocchain.Wrap at cur.
// Wrap panics for a channel that is already configured, or that it has wrapped.
func (c *checker) wrapChannel(cur inspector.Cursor, channel ast.Expr) (reason string) {
	if c.isFresh(channel) {
		return ""
	}
	settings, wraps := c.configuredBy(channel)
	switch {
	case len(wraps) > 0:
		return "the channel is passed to inprocchain.Wrap (" + wraps[0] + "), which accepts it only once; pass the interceptors there"
	case len(settings) > 0:
		return "the channel is configured by " + list(settings) + ", so inprocchain.Wrap would panic; pass everything to one inprocchain.New"
	}
	x := channelVar(c.info, channel)
	if x == nil || !isChannel(c.info.TypeOf(channel)) {
		return c.unknownChannel(channel)
	}
	switch {
	case x.Kind() == types.ParamVar:
		return "the channel is a parameter" + mayBeConfigured
	case x.Parent() == x.Pkg().Scope():
		return "the channel is in a variable of the package" + mayBeConfigured
	case !c.isNewChannel(x):
		return "the channel's variable is not declared with a new channel, or is assigned again" + mayBeConfigured
	}
	uses := c.newFlow(grpcInterface)
	onlyUsed := uses.variable(x)
	switch {
	case !onlyUsed:
		return "the channel is also used where it may be configured, and then inprocchain.Wrap panics"
	case len(uses.intercepts) > 1:
		return "the channel is intercepted more than once, and inprocchain.Wrap accepts it only once"
	case repeats(cur, x):
		return "this may run more than once for one channel, and inprocchain.Wrap accepts it only once"
	}
	return ""
}

// unknownChannel returns why channel, which is not in a variable of its own
// type, may not be passed to inprocchain.Wrap.
func (c *checker) unknownChannel(channel ast.Expr) (reason string) {
	t := c.info.TypeOf(channel)
	_, call := ast.Unparen(channel).(*ast.CallExpr)
	switch {
	case types.IsInterface(t):
		return "the channel is in an interface, and inprocchain.Wrap takes an *inprocgrpc.Channel"
	case !isChannel(t):
		return "the channel is embedded in another type" + mayBeConfigured
	case call:
		return "the channel comes from another function" + mayBeConfigured
	}
	return "the channel is in a field or an element" + mayBeConfigured
}

// configuredBy returns the With… methods that are called on the channel e, and where it
// is passed to inprocchain.Wrap, in this function and in those that it passes the
// channel to.
func (c *checker) configuredBy(e ast.Expr) (settings, wraps []string) {
	if sel, name := c.settingOf(e); sel != nil {
		settings, wraps = c.configuredBy(sel.X)
		return append(settings, name+" ("+c.position(sel.Sel.Pos())+")"), wraps
	}
	x := channelVar(c.info, e)
	if x == nil {
		return nil, nil
	}
	uses := c.newFlow(grpcInterface)
	if a, ok := c.vars.of(x); ok {
		for _, value := range a.values {
			if sel, _ := c.settingOf(value); sel != nil && varOf(c.info, sel.X) != x {
				settings, _ = c.configuredBy(value)
				uses.settings = append(uses.settings, settings...)
			}
		}
	}
	uses.variable(x)
	return uses.settings, uses.wraps
}

// channelVar returns the variable that e names, itself or after an &.
func channelVar(info *types.Info, e ast.Expr) *types.Var {
	if and, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && and.Op == token.AND {
		e = and.X
	}
	return varOf(info, e)
}

// isNewChannel reports whether x is a local variable that is declared with a new channel
// and never assigned again.
func (c *checker) isNewChannel(x *types.Var) bool {
	a, ok := c.vars.of(x)
	if !ok || x.Parent() == x.Pkg().Scope() {
		return false
	}
	if isChannel(x.Type()) {
		return !a.zero && len(a.values) == 1 && c.isFresh(a.values[0])
	}
	if a.zero {
		return len(a.values) == 0
	}
	_, literal := ast.Unparen(a.values[0]).(*ast.CompositeLit)
	return literal && len(a.values) == 1
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

// baseChannels returns the channels to which the intercept calls are applied that e is
// or, if e is a variable, that are assigned to e.
func (c *checker) baseChannels(e ast.Expr, path []*types.Var) (channels []ast.Expr) {
	if call, kind := c.interceptOf(e); kind != noIntercept {
		return c.baseChannels(call.Args[0], path)
	}
	x := varOf(c.info, e)
	if x == nil || !types.IsInterface(x.Type()) {
		return []ast.Expr{e}
	}
	a, ok := c.vars.of(x)
	if !ok || slices.Contains(path, x) {
		return nil
	}
	for _, value := range a.values {
		channels = append(channels, c.baseChannels(value, append(path, x))...)
	}
	return channels
}
