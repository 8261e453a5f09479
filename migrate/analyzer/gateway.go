package analyzer

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// checkGateways finds calls of grpc-gateway's generated Register…HandlerServer
// functions.
func (c *checker) checkGateways() {
	for cur := range c.all((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		g := c.gatewayOf(call)
		if g == nil {
			continue
		}
		reason := c.useClient(cur, call, g)
		c.found(cur, analysis.Diagnostic{
			Pos:      call.Fun.Pos(),
			End:      call.Fun.End(),
			Category: "gateway",
			Message: fmt.Sprintf("Register%sHandlerServer calls the methods of the service directly: no interceptor and no stats handler runs, and streaming methods fail with Unimplemented; "+
				"use Register%[1]sHandlerClient with a client of an inprocchain.Channel", g.service) + because(reason),
		}, reason == "")
	}
}

// gateway is a service with functions that grpc-gateway and grpc-go generated.
type gateway struct {
	service string         // the name of the service
	pkg     *types.Package // the package with the generated functions
}

// gatewayOf returns the service for which call, a call of a
// Register…HandlerServer function, registers handlers. It returns nil for other
// calls.
func (c *checker) gatewayOf(call *ast.CallExpr) *gateway {
	fn := typeutil.StaticCallee(c.info, call)
	if fn == nil || fn.Pkg() == nil || fn.Signature().Recv() != nil || len(call.Args) != 3 || fn.Signature().Params().Len() != 3 {
		return nil
	}
	service, ok := strings.CutPrefix(fn.Name(), "Register")
	if !ok {
		return nil
	}
	if service, ok = strings.CutSuffix(service, "HandlerServer"); !ok || !isServeMux(fn.Signature().Params().At(1).Type()) {
		return nil
	}
	return &gateway{service, fn.Pkg()}
}

// isServeMux reports whether t is the ServeMux of a version of grpc-gateway.
func isServeMux(t types.Type) bool {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	if !ok {
		return false
	}
	named, ok := types.Unalias(ptr.Elem()).(*types.Named)
	return ok && named.Obj().Name() == "ServeMux" && named.Obj().Pkg() != nil &&
		strings.HasPrefix(named.Obj().Pkg().Path(), "github.com/grpc-ecosystem/grpc-gateway/")
}

// useClient plans to turn call into one of Register…HandlerClient, with a client
// of an *inprocchain.Channel in scope on which the service is registered. If the
// result might not compile or might behave differently, it plans nothing and
// returns the reason.
func (c *checker) useClient(cur inspector.Cursor, call *ast.CallExpr, g *gateway) (reason string) {
	if !g.has("Register"+g.service+"HandlerClient") || !g.has("New"+g.service+"Client") {
		return "the package has no Register" + g.service + "HandlerClient or New" + g.service + "Client"
	}
	channels := c.channelsInScope(cur)
	if len(channels) == 0 {
		return "no *inprocchain.Channel is in scope"
	}
	channel := c.registeredOn(cur, channels, g)
	switch {
	case channel == nil:
		return "no registration of the service on the *inprocchain.Channel in scope is found"
	case c.hasEffects(call.Args[2]):
		return "the call creates the service"
	case c.unusedWithout(call.Args[2]):
		return "the variable of the service has no other use"
	}
	name := call.Fun
	prefix := ""
	if sel, ok := ast.Unparen(name).(*ast.SelectorExpr); ok {
		prefix = types.ExprString(sel.X) + "."
	}
	service := call.Args[2]
	p := c.plan(cur)
	reason = p.try([]edit{
		{name.Pos(), name.End(), prefix + "Register" + g.service + "HandlerClient"},
		{service.Pos(), service.End(), prefix + "New" + g.service + "Client(" + channel.Name() + ")"},
	})
	if reason == "" {
		p.kept = append(p.kept, name)
	}
	return reason
}

func (g *gateway) has(function string) bool {
	_, ok := g.pkg.Scope().Lookup(function).(*types.Func)
	return ok
}

// channelsInScope returns the local variables and parameters of type
// *inprocchain.Channel that can be used by name at cur.
func (c *checker) channelsInScope(cur inspector.Cursor) (channels []*types.Var) {
	pos := cur.Node().Pos()
	for scope := c.scope(cur); scope != nil && scope != c.pass.Pkg.Scope(); scope = scope.Parent() {
		for _, name := range scope.Names() {
			_, obj := c.scope(cur).LookupParent(name, pos)
			if x, ok := obj.(*types.Var); ok && x.Parent() == scope && isInprocchainChannel(x.Type()) {
				channels = append(channels, x)
			}
		}
	}
	return channels
}

// registeredOn returns the first of the channels on which the service is registered, or
// nil. The registration must be on that variable. If the package makes only one
// *inprocchain.Channel, a registration on any variable counts.
func (c *checker) registeredOn(cur inspector.Cursor, channels []*types.Var, g *gateway) *types.Var {
	made, onAny := 0, false
	var on []*types.Var
	for cur := range c.root.Preorder((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		fn := typeutil.StaticCallee(c.info, call)
		if c.callOf(call, inprocchainPath, "New") != nil || c.callOf(call, inprocchainPath, "Wrap") != nil {
			made++
		}
		if fn == nil || fn.Name() != "Register"+g.service+"Server" || fn.Pkg() != g.pkg || len(call.Args) != 2 {
			continue
		}
		for _, registrar := range c.registrars(call.Args[0]) {
			if isInprocchainChannel(c.info.TypeOf(registrar)) {
				onAny = true
				on = append(on, varOf(c.info, registrar))
			}
		}
	}
	for _, channel := range channels {
		for _, x := range on {
			if x == channel || onAny && made <= 1 {
				return channel
			}
		}
	}
	return nil
}

// registrars returns the registrars on which a registration on e registers a service. e
// may be an inprocchain.MultiRegistrar or a parameter of a function that this package
// calls.
func (c *checker) registrars(e ast.Expr, path ...*types.Var) []ast.Expr {
	x := varOf(c.info, e)
	if slices.Contains(path, x) {
		return nil
	}
	if x != nil && x.Kind() == types.ParamVar && !isInprocchainChannel(x.Type()) {
		return c.allRegistrars(c.argumentsFor(x), append(path, x))
	}
	if x != nil {
		if value := c.vars.sole(x); value != nil && c.callOf(value, inprocchainPath, "MultiRegistrar") != nil {
			e = value
		}
	}
	if multi := c.callOf(e, inprocchainPath, "MultiRegistrar"); multi != nil && !multi.Ellipsis.IsValid() {
		return c.allRegistrars(multi.Args, path)
	}
	return []ast.Expr{e}
}

func (c *checker) allRegistrars(exprs []ast.Expr, path []*types.Var) (all []ast.Expr) {
	for _, e := range exprs {
		all = append(all, c.registrars(e, path...)...)
	}
	return all
}

// argumentsFor returns the arguments that this package passes for a parameter.
func (c *checker) argumentsFor(param *types.Var) (args []ast.Expr) {
	for cur := range c.root.Preorder((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		fn := typeutil.StaticCallee(c.info, call)
		if fn == nil {
			continue
		}
		for i := range fn.Signature().Params().Len() {
			if fn.Signature().Params().At(i) == param && i < len(call.Args) {
				args = append(args, call.Args[i])
			}
		}
	}
	return args
}

// unusedWithout reports whether e is a local variable that nothing else uses, so
// that the program would not compile without e.
func (c *checker) unusedWithout(e ast.Expr) bool {
	x := varOf(c.info, e)
	if x == nil || x.Kind() != types.LocalVar {
		return false
	}
	for _, id := range c.vars.uses[x] {
		if kind, _ := c.cursor(id).ParentEdge(); id != ast.Unparen(e) && kind.String() != "AssignStmt.Lhs" {
			return false
		}
	}
	return true
}
