//go:build !race

package random_test

import (
	"fmt"
	"slices"
	"strings"
)

// A program says what both sides do. The numbers are indices of tables, and zero is the simplest
// choice.
type program struct {
	clock              int // of clocks
	message            int // of messages
	calls              []callSpec
	defaults           []int // of defaultOptions
	clientInterceptors []int // of clientInterceptors
	serverInterceptors []int // of serverInterceptors
	clientStats        []behavior
	serverStats        []behavior
	steps              []step
	noImplementation   bool // The service is registered without one.
	unhurried          bool // In real time, deadlines are later.
}

// A callSpec describes one call of a program.
type callSpec struct {
	method  int   // of methods
	context int   // of callContexts
	parent  int   // of parents
	client  int   // of clientNames
	options []int // of callOptions
}

// A behavior is what a stats handler does at an event, besides recording it.
type behavior struct{ event, action int } // of clientEvents or serverEvents, and of actions

// A step is a call that one actor makes.
type step struct {
	call int // of program.calls
	op   *op
	arg  int
	then then
}

// then says when the next step begins.
type then int

const (
	returned then = iota // The call has returned, or all goroutines are blocked.
	begun                // The call has begun.
	rested               // All goroutines are blocked.
)

var thenNames = []string{returned: "", begun: ", and meanwhile", rested: ", then rest"}

func (s step) String() string {
	text := fmt.Sprintf("call %d: %s", s.call, s.op.name)
	if len(s.op.args) > 0 {
		text += " " + s.op.args[s.arg]
	}
	return text + thenNames[s.then]
}

// String returns the program in readable form.
func (p program) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "    %s, %s\n", clocks[p.clock].name, messages[p.message].name)
	if p.noImplementation {
		b.WriteString("    a service without an implementation\n")
	}
	list(&b, "default call options", p.defaults, func(i int) string { return defaultOptions[i].name })
	list(&b, "client interceptors", p.clientInterceptors, func(i int) string { return clientInterceptors[i].name })
	list(&b, "server interceptors", p.serverInterceptors, func(i int) string { return serverInterceptors[i].name })
	list(&b, "client stats handlers", p.clientStats, func(s behavior) string { return s.text(clientEvents) })
	list(&b, "server stats handlers", p.serverStats, func(s behavior) string { return s.text(serverEvents) })
	for i, c := range p.calls {
		fmt.Fprintf(&b, "    call %d: %s, %s, %s%s", i, methods[c.method].name, callContexts[c.context].name, clientNames[c.client], parentNames[c.parent])
		for _, o := range c.options {
			b.WriteString(", " + callOptions[o].name)
		}
		b.WriteByte('\n')
	}
	for i, s := range p.steps {
		fmt.Fprintf(&b, "    %2d %s\n", i+1, s)
	}
	return b.String()
}

func (s behavior) text(events []string) string {
	return actions[s.action].name + " at " + events[s.event]
}

func list[E any](b *strings.Builder, name string, chosen []E, text func(E) string) {
	if len(chosen) == 0 {
		return
	}
	fmt.Fprintf(b, "    %s: ", name)
	for i, e := range chosen {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(text(e))
	}
	b.WriteByte('\n')
}

type method struct {
	name                         string
	fullMethod                   string
	unary                        bool
	clientStreams, serverStreams bool
}

var methods = []method{
	{name: "bidirectional stream", fullMethod: "/random.Service/Bidi", clientStreams: true, serverStreams: true},
	{name: "unary", fullMethod: "/random.Service/Unary", unary: true},
	{name: "client stream", fullMethod: "/random.Service/ClientStream", clientStreams: true},
	{name: "server stream", fullMethod: "/random.Service/ServerStream", serverStreams: true},
	{name: "unary method elsewhere", fullMethod: "/random.Remote/Unary", unary: true},
	{name: "stream elsewhere", fullMethod: "/random.Remote/Bidi", clientStreams: true, serverStreams: true},
	{name: "unary method and stream of one name", fullMethod: "/random.Service/Both", unary: true},
	{name: "unary method with a slash", fullMethod: "/random.Service/x/y", unary: true},
	{name: "unary method with a line feed", fullMethod: "/random.Service/x\ny", unary: true},
	{name: "unary method that decodes late", fullMethod: "/random.Service/Late", unary: true},
	{name: "unknown method", fullMethod: "/random.Service/None", unary: true},
}

func (m method) isRemote() bool { return strings.HasPrefix(m.fullMethod, "/random.Remote/") }

// hasRemote reports whether the program calls a service that is elsewhere.
func (p program) hasRemote() bool {
	return slices.ContainsFunc(p.calls, func(c callSpec) bool { return methods[c.method].isRemote() })
}

// mayComeLate reports whether an RPC may reach the server some time after its call has taken its context
// from a handler, or after its own context has ended.
func (p program) mayComeLate() bool {
	nests := slices.ContainsFunc(p.calls, func(c callSpec) bool { return c.parent != noParent })
	return nests && slices.ContainsFunc(p.clientInterceptors, func(i int) bool { return clientInterceptors[i].later }) ||
		slices.ContainsFunc(p.clientStats, func(b behavior) bool {
			takes := actions[b.action].takes
			return nests && takes > noTime || takes == someTime
		})
}

// lastUsualMethod is the last of methods whose name is as usual.
const lastUsualMethod = 5

// asideMethod is the method that stats handlers call.
const asideMethod = "/random.Service/Aside"

// What a call's context derives from.
const (
	noParent = iota
	nested   // from that of the handler of the call before
	detached // the same, without its cancel and deadline
)

var parentNames = []string{noParent: "", nested: ", nested in the handler before", detached: ", detached from the handler before"}

var clientNames = []string{"the first client", "a second client"}
