package analyzer

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// checkGateways finds calls of grpc-gateway's generated Register…HandlerServer
// functions.
func (c *checker) checkGateways() {
	for cur, call := range c.calls() {
		service, ok := c.handlerServerOf(call)
		if !ok {
			continue
		}
		c.found(cur, analysis.Diagnostic{
			Pos:      call.Fun.Pos(),
			End:      call.Fun.End(),
			Category: "gateway",
			Message: fmt.Sprintf("Register%sHandlerServer calls the methods of the service directly: no interceptor and no stats handler runs, and streaming methods fail with Unimplemented; "+
				"use Register%[1]sHandlerClient with a client of an inprocchain.Channel", service),
		}, false)
	}
}

// handlerServerOf returns the service for which call, a call of a Register…HandlerServer
// function, registers handlers.
func (c *checker) handlerServerOf(call *ast.CallExpr) (service string, ok bool) {
	fn := c.callee(call)
	if fn == nil || fn.Signature().Recv() != nil || fn.Signature().Params().Len() != 3 {
		return "", false
	}
	ptr, ok := types.Unalias(fn.Signature().Params().At(1).Type()).(*types.Pointer)
	if !ok {
		return "", false
	}
	mux, ok := types.Unalias(ptr.Elem()).(*types.Named)
	if !ok || mux.Obj().Pkg() == nil || !strings.HasPrefix(mux.Obj().Pkg().Path(), gatewayPath) {
		return "", false
	}
	service, prefix := strings.CutPrefix(fn.Name(), "Register")
	service, suffix := strings.CutSuffix(service, "HandlerServer")
	return service, prefix && suffix
}
