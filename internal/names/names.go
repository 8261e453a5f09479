// Package names lists the interceptors and stats handlers of a chain by name.
package names

import (
	"fmt"
	"reflect"
	"strings"
	"text/tabwriter"

	"google.golang.org/grpc/stats"
)

// A Side lists what a chain runs on one side.
type Side struct {
	Title              string // "client" or "server"
	Unary, Stream      []Name
	StatsHandlers      []Name
	StatsHandlersFirst bool // whether they run outside the interceptors
}

// A Name is the name of a function or type.
type Name struct {
	prefix string // what precedes the package: "*" for a pointer type
	path   string // the path of the package; empty if there is none
	local  string // the name within the package
}

// Functions returns the names of functions.
func Functions[F any](functions []F) []Name {
	var all []Name
	for _, f := range functions {
		all = append(all, function(f))
	}
	return all
}

// Types returns the names of the types of stats handlers.
func Types(handlers []stats.Handler) []Name {
	var all []Name
	for _, handler := range handlers {
		all = append(all, typeOf(handler))
	}
	return all
}

func typeOf(v any) Name {
	t, prefix := reflect.TypeOf(v), ""
	if t.Kind() == reflect.Pointer {
		t, prefix = t.Elem(), "*"
	}
	if t.PkgPath() == "" {
		return Name{local: fmt.Sprintf("%T", v)}
	}
	return Name{prefix, t.PkgPath(), t.Name()}
}

// List returns a table for each side. A line is a position in the chain. It names the
// interceptor for unary RPCs and the one for streaming RPCs, or has a dash if there is
// no such interceptor.
func List(sides ...Side) string {
	var all []Name
	for _, side := range sides {
		all = append(append(append(all, side.Unary...), side.Stream...), side.StatsHandlers...)
	}
	short := shorten(all)
	var out strings.Builder
	for _, side := range sides {
		side.list(&out, short)
	}
	return out.String()
}

func (s Side) list(out *strings.Builder, short map[string]string) {
	if len(s.Unary)+len(s.Stream)+len(s.StatsHandlers) == 0 {
		fmt.Fprintf(out, "%s: nothing\n", s.Title)
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintf(w, "%s\tunary\tstream\n", s.Title)
	statsHandlers := func() {
		for _, handler := range s.StatsHandlers {
			fmt.Fprintf(w, "  stats\t%s\t%[1]s\n", handler.text(short))
		}
	}
	if s.StatsHandlersFirst {
		statsHandlers()
	}
	for i := range max(len(s.Unary), len(s.Stream)) {
		fmt.Fprintf(w, "  %d\t%s\t%s\n", i+1, at(s.Unary, i, short), at(s.Stream, i, short))
	}
	if !s.StatsHandlersFirst {
		statsHandlers()
	}
}

// at returns the name at index i, or a dash if there is none.
func at(names []Name, i int, short map[string]string) string {
	if i >= len(names) {
		return "-"
	}
	return names[i].text(short)
}

func (n Name) text(short map[string]string) string {
	if n.path == "" {
		return n.local
	}
	return n.prefix + short[n.path] + "." + n.local
}
