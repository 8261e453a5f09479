package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/types/typeutil"
)

// The paths of the packages whose calls are analyzed. The analyzer does not import these
// packages.
const (
	grpcPath        = "google.golang.org/grpc"
	grpchanPath     = "github.com/fullstorydev/grpchan"
	inprocgrpcPath  = "github.com/fullstorydev/grpchan/inprocgrpc"
	inprocchainPath = "github.com/inprocchain/inprocchain"
	gatewayPath     = "github.com/grpc-ecosystem/grpc-gateway/" // and a version
	otelTracePath   = "go.opentelemetry.io/otel/trace"
	otelgrpcPath    = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
)

// isChannel reports whether t is *inprocgrpc.Channel or an alias of it.
func isChannel(t types.Type) bool { return isPointerTo(t, inprocgrpcPath, "Channel") }

func isPointerTo(t types.Type, path, name string) bool {
	if t == nil {
		return false
	}
	ptr, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(ptr.Elem(), path, name)
}

func isNamed(t types.Type, path, name string) bool {
	if t == nil {
		return false
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && isObject(named.Obj(), path, name)
}

func isObject(obj types.Object, path, name string) bool {
	return obj.Pkg() != nil && obj.Pkg().Path() == path && obj.Name() == name
}

// An interceptorKinds is one of grpc's four kinds of interceptor, or none.
type interceptorKinds int

const (
	noInterceptor interceptorKinds = iota
	unaryServer
	streamServer
	unaryClient
	streamClient
)

// interceptorKind returns the kind of interceptor that t is, by its parameters.
func interceptorKind(t types.Type) interceptorKinds {
	if t == nil {
		return noInterceptor
	}
	sig, ok := t.Underlying().(*types.Signature)
	if !ok {
		return noInterceptor
	}
	for param := range sig.Params().Variables() {
		switch t := param.Type(); {
		case isPointerTo(t, grpcPath, "UnaryServerInfo"):
			return unaryServer
		case isPointerTo(t, grpcPath, "StreamServerInfo"):
			return streamServer
		case isNamed(t, grpcPath, "UnaryInvoker"):
			return unaryClient
		case isNamed(t, grpcPath, "Streamer"):
			return streamClient
		}
	}
	return noInterceptor
}

// hooks maps each method that sets the only interceptor or stats handler of a kind on a
// channel to the option of inprocchain that adds one.
var hooks = map[string]string{
	"WithServerUnaryInterceptor":  "WithUnaryServerInterceptors",
	"WithServerStreamInterceptor": "WithStreamServerInterceptors",
	"WithServerStatsHandler":      "WithServerStatsHandlers",
	"WithClientStatsHandler":      "WithClientStatsHandlers",
}

func isSetting(name string) bool { return hooks[name] != "" || name == "WithCloner" }

// settingOf returns the selector of a call of a method that configures a channel and
// returns it, and the name of the method. For f(x).WithA(y), the selector is f(x).WithA.
func (c *checker) settingOf(e ast.Expr) (sel *ast.SelectorExpr, name string) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return nil, ""
	}
	sel, ok = ast.Unparen(call.Fun).(*ast.SelectorExpr)
	fn := c.callee(call)
	if !ok || fn == nil || !isSetting(fn.Name()) || fn.Signature().Recv() == nil || !isChannel(fn.Signature().Recv().Type()) {
		return nil, ""
	}
	return sel, fn.Name()
}

// isFresh reports whether e makes a new channel.
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

func (c *checker) isNil(e ast.Expr) bool { return c.info.Types[e].IsNil() }

// callee returns the function or method that call calls, if that is known.
func (c *checker) callee(call *ast.CallExpr) *types.Func { return typeutil.StaticCallee(c.info, call) }

// callsOneOf reports whether call calls a function or method of a package with one of the
// names.
func (c *checker) callsOneOf(call *ast.CallExpr, path string, names ...string) bool {
	fn := c.callee(call)
	if fn == nil {
		return false
	}
	for _, name := range names {
		if isObject(fn, path, name) {
			return true
		}
	}
	return false
}
