package differential_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/inprocchain/inprocchain/internal/conformance/internal/pick"
)

var races = flag.Uint64("differential.races", 500, "the number of programs that are run without steps")

// TestRacesHaveConsistentOutcomes lets the client and the handler of random programs race, and
// checks what must hold in every order. The programs also run on the network, which tests the
// checks.
func TestRacesHaveConsistentOutcomes(t *testing.T) {
	t.Logf("-differential.seed=%d", chosenSeed())
	var found contradictions
	numbers := programNumbers(*races)
	t.Run("programs", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for number := numbers(); number >= 0; number = numbers() {
					found.add(t, uint64(number))
				}
			})
		}
	})
	t.Logf("%d programs, %d runs", found.programs, found.runs)
	for _, kind := range slices.Sorted(mapKeys(found.first)) {
		t.Errorf("found %d times: %s", found.times[kind], found.first[kind])
	}
}

// contradictions are the kinds of violations found, and the first of each.
type contradictions struct {
	mu             sync.Mutex
	programs, runs int
	times          map[string]int
	first          map[string]string
}

// add runs the program of a number on all sides.
func (c *contradictions) add(t *testing.T, number uint64) {
	p, runs := generateRace(chosenSeed(), number), 0
	for _, s := range append([]side{network}, inProcess...) {
		if p.has(opCloseConnection) && !s.closes {
			continue
		}
		if s.name == network.name && (p.has(opCloseConnection) || p.has(opShutdown)) {
			continue // grpc-go retries such RPCs.
		}
		runs++
		o := executeFreely(t, p, s)
		for _, violation := range violations(p, o) {
			c.count(s.name+": "+withoutValues(violation),
				fmt.Sprintf("%s: %s\n  program %d\n%s  outcome\n%s", s.name, violation, number, p, o))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.programs++
	c.runs += runs
}

func (c *contradictions) count(kind, report string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.times == nil {
		c.times, c.first = make(map[string]int), make(map[string]string)
	}
	c.times[kind]++
	if c.times[kind] == 1 {
		c.first[kind] = report
	}
}

// withoutValues returns a violation up to the first value in it.
func withoutValues(violation string) string {
	end := strings.IndexAny(violation, `"{[(`)
	if end < 0 {
		end = len(violation)
	}
	return withoutNumbers(violation[:end])
}

// generateRace returns the race with a number. Its handler returns nil or DataLoss.
func generateRace(seed, number uint64) program {
	r := rand.New(rand.NewPCG(seed, number))
	p := program{
		method:      pick.Weighted(r, 3, 2, 2, 2),
		context:     pick.Weighted(r, 4, 1), // without a deadline, or with one
		options:     []int{0, 1, 3}[:r.IntN(4)],
		clientStats: []int{statsRecord},
		serverStats: []int{statsRecord},
	}
	if r.IntN(3) == 0 {
		p.clientInterceptors, p.serverInterceptors = []int{wrapStream}, []int{wrapStream}
	}
	if methods[p.method].unary {
		p.steps = append(p.steps, step{opInvoke, smallMessage})
	}
	possible := possibleOps(methods[p.method])
	for range 2 + r.IntN(14) {
		if s := raceStep(r, possible); s.op != opHandlerSend || p.method != clientStreamMethod || !p.has(opHandlerSend) {
			p.steps = append(p.steps, s) // In grpc-go, a client stream with two responses never ends.
		}
	}
	return p
}

// raceStep returns a step whose outcome can be checked in every order.
func raceStep(r *rand.Rand, possible []*op) step {
	s := step{op: possible[r.IntN(len(possible))]}
	switch s.op {
	case opStreamSetHeader, opStreamSendHeader, opStreamSetTrailer, opSetHeader, opSendHeader, opSetTrailer:
		s.arg = 1 // one value
	case opReturnError, opReturnBoth:
		s.arg = r.IntN(2) // nil or DataLoss
	}
	return s
}
