package differential_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A program defines the behavior of both sides of one RPC. The numbers are choices. They are
// indices of tables, or constants for stats handlers. Zero is the simplest choice.
type program struct {
	method             int   // of methods
	messages           int   // of messageTypes
	context            int   // of contexts
	outgoing           int   // of metadatas, for the outgoing metadata of the context
	options            []int // of callOptions
	clientInterceptors []int // of clientInterceptors
	serverInterceptors []int // of serverInterceptors
	clientStats        []int // of clientStats
	serverStats        []int // of serverStats
	steps              []step
}

// A step is one call of one actor.
type step struct {
	op  *op
	arg int
}

func (s step) String() string {
	if len(s.op.args) == 0 {
		return s.op.name
	}
	return s.op.name + " " + s.op.args[s.arg]
}

// String returns the program in readable form.
func (p program) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "    %s", methods[p.method].name)
	for _, part := range []struct {
		name   string
		table  []string
		chosen []int
	}{
		{"messages", messageNames(), plain(p.messages)},
		{"context", contextNames, plain(p.context)},
		{"outgoing metadata", metadataNames(), plain(p.outgoing)},
		{"call options", callOptionNames(), p.options},
		{"client interceptors", clientInterceptorNames, p.clientInterceptors},
		{"server interceptors", serverInterceptorNames, p.serverInterceptors},
		{"client stats handlers", clientStatsNames, p.clientStats},
		{"server stats handlers", serverStatsNames, p.serverStats},
	} {
		if len(part.chosen) > 0 {
			var names []string
			for _, i := range part.chosen {
				names = append(names, part.table[i])
			}
			fmt.Fprintf(&b, "; %s: %s", part.name, strings.Join(names, ", "))
		}
	}
	b.WriteByte('\n')
	for i, s := range p.steps {
		fmt.Fprintf(&b, "    %2d %s\n", i+1, s)
	}
	fmt.Fprintf(&b, "    %2d at the end: cancel the client's context, handler: return nil\n", len(p.steps)+1)
	return b.String()
}

// has reports whether a step of the program has the op.
func (p program) has(o *op) bool {
	return slices.ContainsFunc(p.steps, func(s step) bool { return s.op == o })
}

// hasOption reports whether the program passes the call option.
func (p program) hasOption(name string) bool {
	return slices.ContainsFunc(p.options, func(i int) bool { return callOptions[i].name == name })
}

// plain returns the choice, or none if it is the simplest.
func plain(choice int) []int {
	if choice == 0 {
		return nil
	}
	return []int{choice}
}

// namesOf returns the names of a table.
func namesOf[E any](table []E, name func(E) string) []string {
	names := make([]string, len(table))
	for i, e := range table {
		names[i] = name(e)
	}
	return names
}

// A method is the method that a program calls.
type method struct {
	name                         string
	fullMethod                   string
	unary                        bool
	clientStreams, serverStreams bool
	unknown                      bool
}

// The indices of some methods.
const (
	bidiMethod          = 0
	unaryMethod         = 1
	clientStreamMethod  = 2
	serverStreamMethod  = 3
	unknownMethod       = 4
	unknownStreamMethod = 5
)

var methods = []method{
	bidiMethod:          {name: "bidirectional stream", fullMethod: testservice.Bidi, clientStreams: true, serverStreams: true},
	unaryMethod:         {name: "unary", fullMethod: testservice.Unary, unary: true},
	clientStreamMethod:  {name: "client stream", fullMethod: testservice.ClientStream, clientStreams: true},
	serverStreamMethod:  {name: "server stream", fullMethod: testservice.ServerStream, serverStreams: true},
	unknownMethod:       {name: "unknown unary method", fullMethod: "/test.Service/None", unary: true, unknown: true},
	unknownStreamMethod: {name: "unknown stream of an unknown service", fullMethod: "/differential.None/None", clientStreams: true, serverStreams: true, unknown: true},
	{name: "unary method with a malformed name", fullMethod: "malformed", unary: true, unknown: true},
	{name: "stream with a malformed name", fullMethod: "/malformed", clientStreams: true, serverStreams: true, unknown: true},
}
