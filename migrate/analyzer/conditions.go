package analyzer

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// serverOptions are grpc's server options with interceptors and stats handlers.
var serverOptions = map[string]interceptorKinds{
	"UnaryInterceptor":       unaryServer,
	"ChainUnaryInterceptor":  unaryServer,
	"StreamInterceptor":      streamServer,
	"ChainStreamInterceptor": streamServer,
	"StatsHandler":           noInterceptor,
}

// channelOptions are the corresponding methods of grpchan and options of inprocchain for
// the in-process channel.
var channelOptions = map[string]interceptorKinds{
	"WithServerUnaryInterceptor":   unaryServer,
	"WithUnaryServerInterceptors":  unaryServer,
	"WithServerStreamInterceptor":  streamServer,
	"WithStreamServerInterceptors": streamServer,
	"WithServerStatsHandler":       noInterceptor,
	"WithServerStatsHandlers":      noInterceptor,
}

// serverOptionOf returns what call, one of serverOptions, installs.
func (c *checker) serverOptionOf(call *ast.CallExpr) (kind interceptorKinds, ok bool) {
	for name, kind := range serverOptions {
		if c.callOf(call, grpcPath, name) != nil {
			return kind, true
		}
	}
	return noInterceptor, false
}

// inprocchainOptionOf is serverOptionOf for inprocchain's options.
func (c *checker) inprocchainOptionOf(call *ast.CallExpr) (kind interceptorKinds, ok bool) {
	for name, kind := range channelOptions {
		if c.callOf(call, inprocchainPath, name) != nil {
			return kind, true
		}
	}
	return noInterceptor, false
}

// An installed is an interceptor or a stats handler that is passed to a server or a
// channel.
type installed struct {
	element
	kind interceptorKinds
}

// An installedKey identifies an installed interceptor or stats handler.
type installedKey struct {
	obj  types.Object
	kind interceptorKinds
}

// checkConditions finds interceptors and stats handlers that a function installs
// on the network server and on the in-process channel, on one of them under a
// condition that does not apply to the other.
func (c *checker) checkConditions() {
	for cur, body := range c.bodies() {
		server, channel := c.installedBy(body)
		for key, onChannel := range channel {
			onServer := server[key]
			c.conditional(cur, onChannel, onServer, "in-process channel", "network server")
			c.conditional(cur, onServer, onChannel, "network server", "in-process channel")
		}
	}
}

// installedBy returns what a function installs on network servers and on
// in-process channels.
func (c *checker) installedBy(body *ast.BlockStmt) (server, channel map[installedKey][]installed) {
	server, channel = make(map[installedKey][]installed), make(map[installedKey][]installed)
	var always []string // conditions of the server itself
	for _, call := range calls(body) {
		if c.callOf(call, grpcPath, "NewServer") != nil {
			always = append(always, c.conditions(call)...)
		}
	}
	for _, call := range calls(body) {
		if kind, ok := c.serverOptionOf(call); ok {
			c.install(server, call, kind, always)
		}
		if _, name := c.hookOf(call); name != "" && name != "WithClientStatsHandler" {
			c.install(channel, call, channelOptions[name], nil)
		}
		if c.callOf(call, inprocchainPath, "New") == nil && c.callOf(call, inprocchainPath, "Wrap") == nil {
			continue
		}
		for _, arg := range call.Args {
			if option, ok := ast.Unparen(arg).(*ast.CallExpr); ok {
				if kind, ok := c.inprocchainOptionOf(option); ok {
					c.install(channel, option, kind, nil)
				}
			}
		}
	}
	return server, channel
}

// install records the arguments of call, under its conditions.
func (c *checker) install(on map[installedKey][]installed, call *ast.CallExpr, kind interceptorKinds, always []string) {
	for _, arg := range call.Args {
		for _, e := range c.elements(arg, call.Pos()) {
			obj := c.identity(e.expr)
			if obj == nil {
				continue
			}
			e.conditions = slices.Concat(always, e.conditions, c.conditions(call))
			slices.Sort(e.conditions)
			e.conditions = slices.Compact(e.conditions)
			key := installedKey{obj, kind}
			on[key] = append(on[key], installed{e, kind})
		}
	}
}

// conditional reports an interceptor or stats handler whose installations on one side
// all have conditions that an installation on the other side does not have.
func (c *checker) conditional(cur inspector.Cursor, some, others []installed, side, otherSide string) {
	if len(some) == 0 || slices.ContainsFunc(some, func(a installed) bool {
		return slices.ContainsFunc(some, func(b installed) bool { return excludes(a.conditions, b.conditions) })
	}) {
		return // It is installed in both branches.
	}
	for _, other := range others {
		if slices.ContainsFunc(some, func(i installed) bool { return !subset(other.conditions, i.conditions) }) {
			continue
		}
		first := some[0]
		extra := slices.DeleteFunc(slices.Clone(first.conditions), func(cond string) bool { return slices.Contains(other.conditions, cond) })
		thing := "this interceptor"
		if first.kind == noInterceptor {
			thing = "this stats handler"
		}
		c.found(cur, analysis.Diagnostic{
			Pos:      first.expr.Pos(),
			End:      first.expr.End(),
			Category: "condition",
			Message: fmt.Sprintf("%s is on the %s only if %s, but on the %s without that condition (line %d), so RPCs are handled differently on the two; "+
				"build one inprocchain.Chain and pass it to both", thing, side, strings.Join(extra, " && "), otherSide, c.line(other.expr.Pos())),
			Related: []analysis.RelatedInformation{{Pos: other.expr.Pos(), Message: "without the condition here"}},
		}, false)
		return
	}
}

// subset reports whether a is a proper subset of b.
func subset(a, b []string) bool {
	return len(a) < len(b) && !slices.ContainsFunc(a, func(cond string) bool { return !slices.Contains(b, cond) })
}
