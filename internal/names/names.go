// Package names tells the names of interceptors and stats handlers, for people.
package names

import (
	"fmt"
	"reflect"
	"regexp"
	"runtime"
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

var (
	// What the compiler appends to closures, method values and generic functions.
	compilerSuffix = regexp.MustCompile(`(\.func\d+|\.\d+|-fm|-range\d+|\.gowrap\d+|\[\.\.\.\])+$`)
	majorVersion   = regexp.MustCompile(`^v\d+\.`)
)

// Function returns the name of a function as its users write it, with the last
// element of its package's path: "recovery.UnaryServerInterceptor" for the
// closure that this function of go-grpc-middleware returns.
func Function(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	path := strings.Split(name, "/")
	last := path[len(path)-1]
	if len(path) > 1 && majorVersion.MatchString(last) {
		last = path[len(path)-2] + last[strings.Index(last, "."):]
	}
	return compilerSuffix.ReplaceAllString(last, "")
}
