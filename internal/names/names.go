// Package names lists the interceptors and stats handlers of a chain by name.
package names

import (
	"fmt"
	"reflect"
	"strings"
	"text/tabwriter"
)

// A Side lists what a chain runs on one side.
type Side struct {
	Title              string // "client" or "server"
	Unary, Stream      []Name
	StatsHandlers      []Name
	StatsHandlersFirst bool // whether they run outside the interceptors
	Settings           []Setting
}

// A Setting is what a side has apart from what runs.
type Setting struct {
	What  string
	Text  string // of the setting, unless it has names
	Names []Name
}

// A Name is the name of a function or type.
type Name struct {
	prefix   string // what precedes the package: "*" for a pointer type
	path     string // the path of the package; empty if there is none
	local    string // the name within the package
	position string // where a function is, as in chain.go:12
}

// Functions returns the names of functions.
func Functions[F any](functions []F) []Name {
	var all []Name
	for _, f := range functions {
		all = append(all, function(f))
	}
	return all
}

// Types returns the names of the types of values, such as stats handlers.
func Types[T any](values []T) []Name {
	var all []Name
	for _, value := range values {
		all = append(all, typeOf(value))
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
	return Name{prefix: prefix, path: t.PkgPath(), local: t.Name()}
}

// List returns a table for each side. A line is a position in the chain. It names the
// interceptor for unary RPCs and the one for streaming RPCs, or has a dash if there is
// no such interceptor. Different functions that have the same name are told apart by file
// and line.
func List(sides ...Side) string {
	var all []Name
	for _, side := range sides {
		all = append(append(append(all, side.Unary...), side.Stream...), side.StatsHandlers...)
		for _, setting := range side.Settings {
			all = append(all, setting.Names...)
		}
	}
	short := newAbbreviations(all)
	var out strings.Builder
	for _, side := range sides {
		side.list(&out, short)
	}
	return out.String()
}

func (s Side) list(out *strings.Builder, short abbreviations) {
	switch {
	case len(s.Unary)+len(s.Stream)+len(s.StatsHandlers) > 0:
		s.listWhatRuns(out, short)
	case len(s.Settings) > 0:
		fmt.Fprintf(out, "%s\n", s.Title)
	default:
		fmt.Fprintf(out, "%s: nothing\n", s.Title)
	}
	for _, setting := range s.Settings {
		fmt.Fprintf(out, "  %s: %s\n", setting.What, setting.text(short))
	}
}

func (s Side) listWhatRuns(out *strings.Builder, short abbreviations) {
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
func at(names []Name, i int, short abbreviations) string {
	if i >= len(names) {
		return "-"
	}
	return names[i].text(short)
}

func (s Setting) text(short abbreviations) string {
	if s.Names == nil {
		return s.Text
	}
	var all []string
	for _, name := range s.Names {
		all = append(all, name.text(short))
	}
	return strings.Join(all, ", ")
}

// abbreviations says how the names of a list are written.
type abbreviations struct {
	packages  map[string]string             // the short name of each package, by its path
	positions map[[2]string]map[string]bool // of the functions of each path and local name
}

func newAbbreviations(all []Name) abbreviations {
	positions := map[[2]string]map[string]bool{}
	for _, name := range all {
		key := [2]string{name.path, name.local}
		if positions[key] == nil {
			positions[key] = map[string]bool{}
		}
		positions[key][name.position] = true
	}
	return abbreviations{packages: shorten(all), positions: positions}
}

func (n Name) text(short abbreviations) string {
	if n.path == "" {
		return n.local
	}
	text := n.prefix + short.packages[n.path] + "." + n.local
	if len(short.positions[[2]string{n.path, n.local}]) > 1 {
		text += " (" + n.position + ")"
	}
	return text
}
