package differential_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	seed     = flag.Uint64("differential.seed", 1, "the `seed` of the programs; 0 means a random one")
	programs = flag.Uint64("differential.programs", 2000, "the number of programs")
	only     = flag.Int64("differential.only", -1, "run only the program with this `number`")
	duration = flag.Duration("differential.for", 0, "run programs for this time, instead of a number of programs")
)

// TestProgramsHaveTheSameOutcomeAsOnTheNetwork runs random programs and reports each
// kind of difference once, with its smallest program.
func TestProgramsHaveTheSameOutcomeAsOnTheNetwork(t *testing.T) {
	t.Logf("-differential.seed=%d", chosenSeed())
	if *only >= 0 {
		show(t, generate(chosenSeed(), uint64(*only)))
	}
	var found findings
	numbers := programNumbers(*programs)
	t.Run("programs", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				tester := &tester{T: t, normalizations: applied(t), reruns: 25, rerun: network}
				for number := numbers(); number >= 0 && !found.full(); number = numbers() {
					found.add(tester, uint64(number))
				}
			})
		}
	})
	t.Logf("%d programs, %d of them with a difference", found.compared, found.differing)
	for _, report := range found.reports() {
		t.Error(report)
	}
}

// show logs the program and its outcome on each side.
func show(t *testing.T, p program) {
	t.Logf("the program\n%s", p)
	for _, s := range append([]side{network}, inProcess...) {
		if s.closes || !p.has(opCloseConnection) {
			t.Logf("%s\n%s", s.name, execute(t, p, s))
		}
	}
}

// chosenSeed returns the seed of this run of the tests.
var chosenSeed = sync.OnceValue(func() uint64 {
	if *seed == 0 {
		return rand.Uint64()
	}
	return *seed
})

// programNumbers returns a function that returns the number of the next program,
// or -1 if there is none.
func programNumbers(count uint64) func() int64 {
	var next atomic.Int64
	end := time.Now().Add(*duration)
	return func() int64 {
		n := next.Add(1) - 1
		switch {
		case *only >= 0 && n == 0:
			return *only
		case *only >= 0, *duration > 0 && time.Now().After(end), *duration == 0 && n >= int64(count):
			return -1
		}
		return n
	}
}
