package reliability_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

var (
	soaking  = flag.Bool("soak", false, "run the soak test for minutes instead of seconds")
	soakSeed = flag.Uint64("soak.seed", 0, "the `seed` of the soak test; 0 means a random one")
)

// TestSoak puts load on a channel with a full chain, while handlers and callers fail,
// panic, block and cancel at random. No response or event may be lost or duplicated, and
// no goroutine and no memory may be retained.
//
// It is not parallel, since it checks the goroutines and the memory of the process.
func TestSoak(t *testing.T) {
	load := struct {
		unary, streams, callers int
		limit                   time.Duration
	}{3_000, 200, 16, time.Minute}
	if *soaking {
		load.unary, load.streams, load.callers, load.limit = 1_000_000, 10_000, 64, 15*time.Minute
	}
	if *soakSeed == 0 {
		*soakSeed = rand.Uint64()
	}
	before, goroutines := goleak.IgnoreCurrent(), runtime.NumGoroutine()
	ctx, cancel := context.WithTimeout(t.Context(), load.limit)
	defer cancel()
	s := newSoak(*soakSeed)

	began := time.Now()
	heap := s.unary(ctx, load.unary, load.callers)
	unaryTook := time.Since(began)
	began = time.Now()
	s.streams(ctx, load.streams)
	streamsTook := time.Since(began)
	if err := s.ch.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	goleak.VerifyNone(t, before)

	t.Logf("seed %d, %s, %s/%s, %d CPUs", s.seed, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))
	t.Logf("%d unary RPCs of %d callers in %v: %s", load.unary, load.callers, unaryTook.Round(time.Millisecond), &s.unaryEnds)
	t.Logf("%d concurrent streams in %v: %s", load.streams, streamsTook.Round(time.Millisecond), &s.streamEnds)
	t.Logf("%d handlers, of which %d panicked; lost answers: %d", s.handlersBegan.Load(), s.panics.Load(), s.lost.Load())
	for _, name := range slices.Sorted(maps.Keys(s.counters)) {
		l := s.counters[name]
		t.Logf("stats of the %s: %d begins, %d ends, %d duplicated, %d out of place", name, l.begun.Load(), l.ended.Load(), l.duplicated.Load(), l.misplaced.Load())
	}
	t.Logf("heap after each tenth, in KiB: %v", inKiB(heap))
	t.Logf("goroutines before %d, after %d", goroutines, runtime.NumGoroutine())
	s.check(t, load.unary, load.streams)
	checkFlat(t, heap)
}

// A soak is a channel under load, with the results.
type soak struct {
	seed     uint64
	ch       *inprocchain.Channel
	counters map[string]*eventCounter

	handlersBegan, handlersEnded, panics atomic.Int64
	unaryEnds, streamEnds                tally
	lost                                 atomic.Int64
	failures                             sync.Map // the first ten messages
	calls                                sync.Map // *soakCall by its number
}

func newSoak(seed uint64) *soak {
	s := &soak{seed: seed, counters: map[string]*eventCounter{}}
	for _, name := range []string{"first client", "last client", "first server", "last server"} {
		s.counters[name] = new(eventCounter)
	}
	s.ch = inprocchain.New(s.chain())
	scripted{unary: s.serveUnary, stream: s.serveStream}.register(s.ch)
	return s
}

// random returns the same numbers for the same RPC and seed, whenever it runs.
func (s *soak) random(n uint64) *rand.Rand { return rand.New(rand.NewPCG(s.seed, n)) }

// lose records that an RPC had a wrong result.
func (s *soak) lose(format string, args ...any) {
	if n := s.lost.Add(1); n <= 10 {
		s.failures.Store(fmt.Sprintf(format, args...), true)
	}
}

// conn is the channel for every other RPC, and its ClientConn for the rest.
func (s *soak) conn(n uint64) grpc.ClientConnInterface {
	if n%2 == 0 {
		return s.ch
	}
	return s.ch.ClientConn()
}

func (s *soak) check(t *testing.T, unary, streams int) {
	s.failures.Range(func(failure, _ any) bool {
		t.Error(failure)
		return true
	})
	if lost := s.lost.Load(); lost > 0 {
		t.Errorf("%d responses were lost", lost)
	}
	if got := s.unaryEnds.total(); got != unary {
		t.Errorf("%d unary RPCs ended, want %d", got, unary)
	}
	if got := s.streamEnds.total(); got != streams {
		t.Errorf("%d streams ended, want %d", got, streams)
	}
	if began, ended := s.handlersBegan.Load(), s.handlersEnded.Load(); began != ended || began == 0 {
		t.Errorf("%d handlers began and %d ended", began, ended)
	}
	if s.panics.Load() == 0 {
		t.Error("no handler panicked, so the soak test does not cover panics")
	}
	for name, l := range s.counters {
		begun, ended := l.begun.Load(), l.ended.Load()
		if begun != ended || begun == 0 || l.duplicated.Load()+l.misplaced.Load() != 0 {
			t.Errorf("stats of the %s: %d begins and %d ends, %d duplicated, %d misplaced, want one end for each begin",
				name, begun, ended, l.duplicated.Load(), l.misplaced.Load())
		}
	}
}

// checkFlat checks that the heap does not grow. It allows for noise, but not for a few
// bytes retained for each RPC.
func checkFlat(t *testing.T, heap []uint64) {
	first, last := heap[0], heap[len(heap)-1]
	if last > first+first/4+2<<20 {
		t.Errorf("the heap grew from %d KiB after the first tenth to %d KiB after the last", first>>10, last>>10)
	}
}

func inKiB(bytes []uint64) []uint64 {
	var kib []uint64
	for _, n := range bytes {
		kib = append(kib, n>>10)
	}
	return kib
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // frees memory that finalizers have retained
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A tally counts how RPCs ended.
type tally struct {
	mu   sync.Mutex
	ends map[codes.Code]int
}

func (t *tally) add(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ends == nil {
		t.ends = map[codes.Code]int{}
	}
	t.ends[status.Code(err)]++
}

func (t *tally) total() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, ends := range t.ends {
		n += ends
	}
	return n
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	for code, n := range t.ends {
		all = append(all, fmt.Sprintf("%v %d", code, n))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
