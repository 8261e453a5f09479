package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// The packages whose calls are looked at, by path, so that none of them has to be linked in.
const (
	grpcPath        = "google.golang.org/grpc"
	grpchanPath     = "github.com/fullstorydev/grpchan"
	inprocgrpcPath  = "github.com/fullstorydev/grpchan/inprocgrpc"
	inprocchainPath = "github.com/inprocchain/inprocchain"
)

// isChannel reports whether t is *inprocgrpc.Channel, by this name or by an alias.
func isChannel(t types.Type) bool {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(ptr.Elem(), inprocgrpcPath, "Channel")
}

func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && isObject(named.Obj(), path, name)
}

func isObject(obj types.Object, path, name string) bool {
	return obj.Pkg() != nil && obj.Pkg().Path() == path && obj.Name() == name
}

// isClientConn reports whether t is *grpc.ClientConn.
func isClientConn(t types.Type) bool {
	ptr, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(ptr.Elem(), grpcPath, "ClientConn")
}

// carriesChannel reports whether the RPCs of a value of type t are those of an inprocgrpc.Channel, which it
// is or embeds.
func carriesChannel(t types.Type) bool {
	if t == nil || types.IsInterface(t) {
		return false
	}
	for _, name := range []string{"Invoke", "NewStream"} {
		method, _, _ := types.LookupFieldOrMethod(t, true, nil, name)
		if fn, ok := method.(*types.Func); !ok || !isChannelMethod(fn) {
			return false
		}
	}
	return true
}

func isChannelMethod(fn *types.Func) bool {
	recv := fn.Signature().Recv()
	return recv != nil && isChannel(recv.Type())
}

// intercept is one of grpchan's functions that put client interceptors on a channel: what it takes after it.
type intercept int

const (
	noIntercept     intercept = iota
	interceptBoth             // a unary and a stream interceptor, either of them perhaps nil
	interceptUnary            // unary interceptors
	interceptStream           // stream interceptors
)

var intercepts = map[string]intercept{
	"InterceptChannel":          interceptBoth,
	"InterceptClientConn":       interceptBoth,
	"InterceptClientConnUnary":  interceptUnary,
	"InterceptClientConnStream": interceptStream,
}

// interceptOf says which of those functions e calls, if any.
func (c *checker) interceptOf(e ast.Expr) (*ast.CallExpr, intercept) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil, noIntercept
	}
	fn := typeutil.StaticCallee(c.info, call)
	if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != grpchanPath || fn.Signature().Recv() != nil {
		return nil, noIntercept
	}
	kind := intercepts[fn.Name()]
	if kind == interceptBoth && len(call.Args) != 3 {
		return nil, noIntercept // f(g()), where g returns all three
	}
	return call, kind
}

// interceptors returns the arguments of an intercept call that are not nil, as the source has it.
func (c *checker) interceptors(call *ast.CallExpr) []ast.Expr {
	var given []ast.Expr
	for _, arg := range call.Args[1:] {
		if !c.isNil(arg) {
			given = append(given, arg)
		}
	}
	return given
}

func (c *checker) isNil(e ast.Expr) bool { return c.info.Types[e].IsNil() }

// hooks are the methods that set what a channel can hold one of, with the option of inprocchain that adds.
var hooks = map[string]string{
	"WithServerUnaryInterceptor":  "WithUnaryServerInterceptors",
	"WithServerStreamInterceptor": "WithStreamServerInterceptors",
	"WithServerStatsHandler":      "WithServerStatsHandlers",
	"WithClientStatsHandler":      "WithClientStatsHandlers",
}

// hookOf returns the selector of a call of one of those methods and the method's name. Of f(x).WithA(y) it is
// f(x).WithA.
func (c *checker) hookOf(e ast.Expr) (sel *ast.SelectorExpr, name string) {
	sel, name = c.settingOf(e)
	if hooks[name] == "" {
		return nil, ""
	}
	return sel, name
}

// settingOf is hookOf for every method that returns the channel it was called on, WithCloner included.
func (c *checker) settingOf(e ast.Expr) (*ast.SelectorExpr, string) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil, ""
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	fn := typeutil.StaticCallee(c.info, call)
	if !ok || fn == nil || !isChannelMethod(fn) || len(call.Args) != 1 {
		return nil, "" // not one, or a method expression
	}
	if !isSetting(fn.Name()) {
		return nil, ""
	}
	return sel, fn.Name()
}

func isSetting(name string) bool { return hooks[name] != "" || name == "WithCloner" }

// isFresh reports whether e makes the channel that it is.
func (c *checker) isFresh(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		_, literal := ast.Unparen(e.X).(*ast.CompositeLit)
		return e.Op == token.AND && literal && isChannel(c.info.TypeOf(e))
	case *ast.CallExpr:
		name, ok := ast.Unparen(e.Fun).(*ast.Ident)
		return ok && c.info.Uses[name] == types.Universe.Lookup("new") && isChannel(c.info.TypeOf(e))
	}
	return false
}
