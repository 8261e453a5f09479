//go:build !race

package random_test

import (
	"flag"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/grpc/grpclog"
)

var (
	seed      = flag.Uint64("random.seed", 1, "the `seed` of the programs; 0 means a random one")
	programs  = flag.Uint64("random.programs", 60, "the number of programs")
	start     = flag.Uint64("random.first", 0, "the `number` of the first program")
	only      = flag.Int64("random.only", -1, "run only the program with this `number`")
	shrinking = flag.Duration("random.shrink", 20*time.Second, "the time to make the program of a difference smaller")
	limit     = flag.Int("random.limit", 20, "the number of kinds of differences after which to stop")
	duration  = flag.Duration("random.for", 0, "run programs for this time, instead of a number of programs")
)

func TestMain(m *testing.M) {
	// grpc-go logs many of the mistakes in programs.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	m.Run()
}

// TestProgramsInMotionHaveTheOutcomesOfANetwork runs random programs and reports each kind of
// difference once, with its smallest program. Some programs need all processors, so they run one
// after the other.
func TestProgramsInMotionHaveTheOutcomesOfANetwork(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("-random.seed=%d", *seed)
	if *only >= 0 {
		show(t, generate(*seed, uint64(*only)))
	}
	found := map[string]int{}
	count, end := uint64(0), time.Now().Add(*duration)
	for ; goesOn(count, end) && len(found) < *limit; count++ {
		number := *start + count
		if *only >= 0 {
			number = uint64(*only)
		}
		for _, d := range firstOf(compare(t, generate(*seed, number))) {
			kind := d.kind()
			found[kind]++
			if found[kind] > 1 {
				continue
			}
			confirmed, ok := withKind(compare(t, d.program), kind)
			if !ok {
				found[kind]--
				continue
			}
			smallest := shrink(t, confirmed)
			t.Errorf("%s\n  the first program is -random.only=%d\n%s", kind, number, smallest.String())
		}
	}
	t.Logf("%d programs", count)
	for kind, times := range found {
		t.Logf("%d programs: %s", times, kind)
	}
}

// firstOf returns the first difference, if any. The others may be consequences.
func firstOf(all []difference) []difference { return all[:min(len(all), 1)] }

func goesOn(count uint64, end time.Time) bool {
	switch {
	case *only >= 0:
		return count == 0
	case *duration > 0:
		return time.Now().Before(end)
	default:
		return count < *programs
	}
}

// show logs the program and an outcome on each side.
func show(t *testing.T, p program) {
	t.Logf("the program\n%s", p)
	for _, s := range []side{network, channel} {
		t.Logf("%s\n%s", s.name, execute(t, p, s))
	}
}
