//go:build !race

package random_test

import (
	"math/rand/v2"
	"slices"

	"github.com/inprocchain/inprocchain/internal/conformance/internal/pick"
)

// generate returns the program with a number. It returns the same program for the same seed
// and number.
func generate(seed, number uint64) program {
	r := rand.New(rand.NewPCG(seed, number))
	p := program{
		clock:              pick.Weighted(r, 60, 1, 1),
		noImplementation:   r.IntN(20) == 0,
		message:            pick.Rarely(r, len(messages)),
		defaults:           pick.Several(r, len(defaultOptions), 3),
		clientInterceptors: pick.Several(r, len(clientInterceptors), 2),
		serverInterceptors: pick.Several(r, len(serverInterceptors), 2),
		clientStats:        behaviors(r, clientEvents),
		serverStats:        behaviors(r, serverEvents),
	}
	for i := range pick.Weighted(r, 0, 6, 3, 1) {
		c := callSpec{
			method:  pick.Weighted(r, 20, 14, 8, 8, 3, 3, 1, 1, 1, 1, 1),
			context: pick.Weighted(r, 14, 6, 1, 1, 1),
			client:  pick.Weighted(r, 4, 1),
			options: pick.Several(r, len(callOptions), 3),
		}
		if i > 0 {
			c.parent = r.IntN(len(parentNames))
		}
		p.calls = append(p.calls, c)
	}
	for i, c := range p.calls {
		if p.hasRemote() && c.method > lastUsualMethod {
			p.calls[i].method = 0 // Unknown services are elsewhere, too.
		}
	}
	for i := range p.calls {
		p.steps = append(p.steps, randomSteps(r, p, i)...)
	}
	return p
}

// randomSteps returns the steps of a call, which begin with its start.
func randomSteps(r *rand.Rand, p program, call int) []step {
	unary := methods[p.calls[call].method].unary
	start := opOpen
	if unary {
		start = opInvoke
	}
	steps := []step{{call: call, op: start, then: then(r.IntN(3))}}
	var possible []*op
	for _, o := range ops {
		if o.streams && unary {
			continue
		}
		for range o.weight {
			possible = append(possible, o)
		}
	}
	if slices.ContainsFunc(slices.Concat(p.clientStats, p.serverStats), behavior.locks) && r.IntN(2) == 0 {
		steps = append(steps, step{call: call, op: opLock})
	}
	for range 1 + r.IntN(7) {
		s := step{call: call, op: possible[r.IntN(len(possible))], then: then(r.IntN(3))}
		if n := len(s.op.args); n > 0 && r.IntN(2) > 0 {
			s.arg = r.IntN(n)
		}
		if r.IntN(4) == 0 {
			s.call = r.IntN(call + 1) // a step of an earlier call
		}
		steps = append(steps, s)
	}
	return steps
}

// behaviors returns the stats handlers of a side. Nobody uses a context that an event other than TagRPC
// or TagConn returns. The lock matters most where a handler that sends a header may hold it.
func behaviors(r *rand.Rand, events []string) []behavior {
	var chosen []behavior
	for range pick.Weighted(r, 8, 5, 1) {
		b := behavior{r.IntN(len(events)), r.IntN(len(actions))}
		switch {
		case actions[b.action].tags:
			b.event = slices.Index(events, []string{"TagRPC", "TagConn"}[pick.Weighted(r, 3, 1)])
		case b.locks() && r.IntN(2) == 0:
			b.event = slices.Index(events, "InHeader")
		}
		chosen = append(chosen, b)
	}
	return chosen
}
