// Package names tells the names of interceptors and stats handlers, for people.
package names

import (
	"fmt"
	slashpath "path"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"text/tabwriter"
)

// Table lists one side of a chain: a line for each place in it, what runs there
// for unary RPCs and, beside it, for streaming ones. A dash marks a place at
// which only one of the two has an interceptor.
func Table[U, S, H any](side string, unary []U, stream []S, handlers []H) string {
	if len(unary)+len(stream)+len(handlers) == 0 {
		return side + ": nothing\n"
	}
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s\tunary\tstream\n", side)
	places := []string{}
	for i := range max(len(unary), len(stream)) {
		places = append(places, fmt.Sprintf("  %d\t%s\t%s\n", i+1, at(unary, i), at(stream, i)))
	}
	observers := []string{}
	for _, handler := range handlers {
		observers = append(observers, fmt.Sprintf("  stats\t%T\t%T\n", handler, handler))
	}
	if side == "server" {
		places, observers = observers, places // stats handlers are outermost there
	}
	for _, line := range append(places, observers...) {
		fmt.Fprint(w, line)
	}
	w.Flush()
	return out.String()
}

func at[F any](functions []F, i int) string {
	if i >= len(functions) {
		return "-"
	}
	return Function(functions[i])
}

// What the compiler appends to closures, method values and generic functions.
var compilerSuffix = regexp.MustCompile(`(\.func\d+|\.\d+|-fm|-range\d+|\.gowrap\d+|\[\.\.\.\])+$`)

// Function returns the name of a function as its users write it, with the last
// element of its package's path: "recovery.UnaryServerInterceptor" for the
// closure that this function of go-grpc-middleware returns.
func Function(f any) string {
	pc := reflect.ValueOf(f).Pointer()
	function := runtime.FuncForPC(pc)
	file, _ := function.FileLine(pc)

	path, name := cut(function.Name())
	isClosure := strings.Contains(name, ".func")
	name = compilerSuffix.ReplaceAllString(name, "")
	pkg := packageName(path)
	if isClosure {
		pkg, name = unwind(pkg, name, packageName(slashpath.Dir(file)), homeOf(path))
	}
	return pkg + "." + name
}

// unwind names a closure after the function that makes it, where that has been
// inlined and the compiler has put its caller's name and package first. The
// file is still that of the function, unless it was called by its namesake.
func unwind(pkg, name, from, home string) (string, string) {
	dot := strings.LastIndex(name, ".")
	if dot < 0 || from == home {
		return pkg, name
	}
	if caller, maker := name[:dot], name[dot+1:]; caller != maker {
		return from, maker
	}
	return pkg, name[:dot]
}

// cut splits a symbol's name after its package's path.
func cut(symbol string) (path, name string) {
	slash := strings.LastIndex(symbol, "/") + 1
	dot := slash + strings.Index(symbol[slash:], ".")
	return symbol[:dot], symbol[dot+1:]
}

// homeOf returns the name of the directory that a package is in.
func homeOf(path string) string {
	if path == "main" {
		if info, ok := debug.ReadBuildInfo(); ok {
			path = info.Path
		}
	}
	return strings.TrimSuffix(packageName(path), "_test")
}

var majorVersion = regexp.MustCompile(`^v\d+$`)

// packageName returns the last element of a path that is no version.
func packageName(path string) string {
	name, _, _ := strings.Cut(slashpath.Base(path), "@")
	if majorVersion.MatchString(name) {
		name, _, _ = strings.Cut(slashpath.Base(slashpath.Dir(path)), "@")
	}
	return name
}
