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
	otelTracePath   = "go.opentelemetry.io/otel/trace"
	otelgrpcPath    = "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
)

// isChannel reports whether t is *inprocgrpc.Channel or an alias of it.
func isChannel(t types.Type) bool { return isPointerTo(t, inprocgrpcPath, "Channel") }

// isInprocchainChannel reports whether t is *inprocchain.Channel or an alias of it.
func isInprocchainChannel(t types.Type) bool { return isPointerTo(t, inprocchainPath, "Channel") }

// isClientConn reports whether t is *grpc.ClientConn.
func isClientConn(t types.Type) bool { return isPointerTo(t, grpcPath, "ClientConn") }

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

// carriesChannel reports whether the RPCs of a value of type t are those of an
// inprocgrpc.Channel that it is or embeds.
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

// An intercept is the kind of arguments that one of grpchan's Intercept functions takes
// after the channel.
type intercept int

const (
	noIntercept     intercept = iota
	interceptBoth             // a unary and a stream interceptor, either of which may be nil
	interceptUnary            // unary interceptors
	interceptStream           // stream interceptors
)

var intercepts = map[string]intercept{
	"InterceptChannel":          interceptBoth,
	"InterceptClientConn":       interceptBoth,
	"InterceptClientConnUnary":  interceptUnary,
	"InterceptClientConnStream": interceptStream,
}

// interceptOf returns which of those functions e calls, if any.
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

// interceptors returns the arguments of an intercept call that are not the
// literal nil.
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

// hooks maps each method that sets the only interceptor or stats handler of a kind on a
// channel to the option of inprocchain that adds one.
var hooks = map[string]string{
	"WithServerUnaryInterceptor":  "WithUnaryServerInterceptors",
	"WithServerStreamInterceptor": "WithStreamServerInterceptors",
	"WithServerStatsHandler":      "WithServerStatsHandlers",
	"WithClientStatsHandler":      "WithClientStatsHandlers",
}

// hookOf returns the selector of a call of one of those methods and the name of
// the method. For f(x).WithA(y), the selector is f(x).WithA.
func (c *checker) hookOf(e ast.Expr) (sel *ast.SelectorExpr, name string) {
	sel, name = c.settingOf(e)
	if hooks[name] == "" {
		return nil, ""
	}
	return sel, name
}

// settingOf is hookOf for every method that returns the channel it was called
// on. These are the hooks and WithCloner.
func (c *checker) settingOf(e ast.Expr) (*ast.SelectorExpr, string) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil, ""
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	fn := typeutil.StaticCallee(c.info, call)
	if !ok || fn == nil || !isChannelMethod(fn) || len(call.Args) != 1 {
		return nil, "" // another method, or a method expression
	}
	if !isSetting(fn.Name()) {
		return nil, ""
	}
	return sel, fn.Name()
}

func isSetting(name string) bool { return hooks[name] != "" || name == "WithCloner" }

// optionFor returns the option of inprocchain that replaces a With… method.
func optionFor(name string) string {
	if option := hooks[name]; option != "" {
		return option
	}
	return name // WithCloner
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

// callOf returns e as a call of the function or method with the given name in
// the package with the given path, and nil if it is something else.
func (c *checker) callOf(e ast.Expr, path, name string) *ast.CallExpr {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil
	}
	fn := typeutil.StaticCallee(c.info, call)
	if fn == nil || !isObject(fn, path, name) {
		return nil
	}
	return call
}
