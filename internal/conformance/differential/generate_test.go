package differential_test

import (
	"math/rand/v2"
	"slices"

	"github.com/inprocchain/inprocchain/internal/conformance/internal/pick"
)

// endings are steps that end an RPC on the client. Random steps seldom do so.
var endings = [][]step{
	nil,
	{{opReturnError, 0}, {opClientReceive, 0}, {opClientReceive, 0}, {opClientHeader, 0}, {opClientTrailer, 0}},
	{{opCancel, 0}, {opClientReceive, 0}, {opClientReceive, 0}, {opClientHeader, 0}, {opClientTrailer, 0}},
	{{opReturnError, 0}, {opCancel, 0}, {opClientReceive, 0}, {opClientReceive, 0}, {opClientHeader, 0}, {opClientTrailer, 0}},
}

// generate returns the program with a number. It returns the same program for the same seed
// and number.
func generate(seed, number uint64) program {
	r := rand.New(rand.NewPCG(seed, number))
	p := program{
		method:             pick.Weighted(r, 10, 7, 5, 5, 1, 1, 1, 1),
		messages:           pick.Rarely(r, len(messageTypes)),
		context:            pick.Rarely(r, len(contexts)),
		outgoing:           pick.Rarely(r, len(metadatas)),
		options:            pick.Several(r, len(callOptions), 4),
		clientInterceptors: pick.Several(r, len(clientInterceptorNames), 2),
		serverInterceptors: pick.Several(r, len(serverInterceptorNames), 2),
		clientStats:        pick.Several(r, len(clientStatsNames), 2),
		serverStats:        pick.Several(r, len(serverStatsNames), 2),
	}
	start := step{opOpen, 0}
	if methods[p.method].unary {
		start = step{opInvoke, pick.Rarely(r, len(messageArgs))}
	}
	possible := possibleOps(methods[p.method])
	for range 1 + r.IntN(12) {
		op := possible[r.IntN(len(possible))]
		arg := 0
		if len(op.args) > 0 && r.IntN(2) > 0 {
			arg = r.IntN(len(op.args))
		}
		p.steps = append(p.steps, step{op, arg})
	}
	before := 0
	if r.IntN(8) == 0 {
		before = r.IntN(2)
	}
	p.steps = slices.Insert(p.steps, before, start)
	p.steps = append(p.steps, endings[r.IntN(len(endings))]...)
	return p
}

// possibleOps returns the ops for a method, each as often as its weight.
func possibleOps(m method) []*op {
	var possible []*op
	for _, op := range ops {
		if op.kind == onlyUnary && !m.unary || op.kind == onlyStreams && m.unary {
			continue
		}
		for range op.weight {
			possible = append(possible, op)
		}
	}
	return possible
}
