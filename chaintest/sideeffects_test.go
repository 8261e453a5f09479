package chaintest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// A line is an effect.
type line struct {
	Number int
	text   string
}

const (
	noneOnBoth = "chaintest: no side effects on either connection: is what writes them missing on both"
	differ     = "chaintest: side effects differ (-network +in-process): "
)

func TestWithSideEffects(t *testing.T) {
	t.Parallel()
	a, b := []line{{1, "a"}}, []line{{1, "b"}}
	for _, c := range []struct {
		name                 string
		onNetwork, inProcess []line
		opts                 []Option
		wants                []string
	}{
		{name: "equal", onNetwork: a, inProcess: a},
		{name: "in another order", onNetwork: slices.Concat(a, b, a), inProcess: slices.Concat(b, a, a)},
		{"in another order and different", slices.Concat(a, b, a), slices.Concat(b, a, b), nil, []string{differ + otherChain, `- text: "a", + text: "b",`}},
		{"none", nil, nil, nil, []string{noneOnBoth}},
		{"missing in-process", a, nil, nil, []string{differ + effectsMissing, `Number: 1, text: "a"`}},
		{"missing on the network", nil, a, nil, []string{differ + effectsAdded}},
		{"twice in-process", a, slices.Concat(a, a), nil, []string{differ + effectsAdded}},
		{"different", a, []line{{2, "a"}}, nil, []string{differ + otherChain, "- Number: 1, + Number: 2,"}},
		{"different in an unexported field", a, b, nil, []string{differ + otherChain, `- text: "a", + text: "b",`}},
		{name: "difference ignored", onNetwork: a, inProcess: []line{{2, "a"}}, opts: []Option{WithCmpOptions(cmpopts.IgnoreFields(line{}, "Number"))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			var added []line
			calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
				added = [][]line{c.inProcess, c.onNetwork}[runs]
				runs++
				return callUnary("message")(ctx, cc)
			}
			effects := WithSideEffects(func() []line {
				read := added
				added = nil
				return read
			})
			onNetwork, inProcess := openConn(t, network), openConn(t, inProcess)
			failures := failuresOf(t, func(t testing.TB) {
				compared := newComparison(calls, newSettings(t, "CompareConns", append(c.opts, effects), comparing...))
				compared.lateTimeout = 10 * time.Millisecond
				compared.conns(t, onNetwork, inProcess)
			})
			mustFailWith(t, failures, c.wants...)
			mustHaveFailures(t, failures, min(len(c.wants), 1))
		})
	}
}

// Effects of what a test does before it compares are not those of the calls.
func TestWithSideEffectsIgnoresEarlierOnes(t *testing.T) {
	t.Parallel()
	effects := []string{"setup"}
	calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		effects = append(effects, "call")
		return callUnary("message")(ctx, cc)
	}
	read := func() []string {
		added := effects
		effects = nil
		return added
	}
	CompareConns(t, openConn(t, network), openConn(t, inProcess), calls, WithSideEffects(read))
	effects = []string{"setup"}
	Compare(t, inprocchain.Chain{}, register, calls, WithSideEffects(read))
}

func TestCompareWithSideEffects(t *testing.T) {
	t.Parallel()
	runs, added := 0, 0
	counted := WithSideEffects(func() int {
		read := added
		added = 0
		return read
	})
	callsAreEqual := func(ctx context.Context, cc grpc.ClientConnInterface) error {
		added = 1
		return callUnary("message")(ctx, cc)
	}
	Compare(t, inprocchain.Chain{}, register, callsAreEqual, counted)
	failures := failuresOf(t, func(t testing.TB) {
		Compare(t, inprocchain.Chain{}, register, func(ctx context.Context, cc grpc.ClientConnInterface) error {
			runs++
			added = runs
			return callUnary("message")(ctx, cc)
		}, counted)
	})
	mustFailWith(t, failures, differ+dependsOnConn)
	mustHaveFailures(t, failures, 1)
}

// A function that returns the whole log makes the network seem to have more effects.
func TestFailureNamesEffectsThatAreNotNew(t *testing.T) {
	t.Parallel()
	const want = "chaintest: side effects are not only those of the calls: " + effectsNotNew
	for _, earlier := range []int{0, 10_000} {
		log := make([]string, earlier)
		calls := func(ctx context.Context, cc grpc.ClientConnInterface) error {
			log = append(log, "call")
			return callUnary("message")(ctx, cc)
		}
		whole := func() []string { return log }
		count := func() int { return len(log) }
		conns := func(opt Option) func(testing.TB) {
			onNetwork, inProcess := openConn(t, network), openConn(t, inProcess)
			return func(t testing.TB) { CompareConns(t, onNetwork, inProcess, calls, opt) }
		}
		for _, compare := range []func(testing.TB){
			conns(WithSideEffects(whole)),
			conns(WithSideEffects(count)),
			conns(WithoutSideEffects(whole)),
			func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, calls, WithSideEffects(whole)) },
		} {
			failures := failuresOf(t, compare)
			mustHaveFailures(t, failures, 1)
			if !slices.Equal(failures, []string{want}) {
				firstLineMustBe(t, failures, want)
				t.Errorf("after %d earlier effects, the failure has %d lines, want 1", earlier, 1+strings.Count(failures[0], "\n"))
			}
		}
	}
}

func TestWithSideEffectsTakesTheseValuesForNone(t *testing.T) {
	t.Parallel()
	type counts struct {
		Created, deleted int
		names            []string
	}
	for _, c := range []struct {
		name   string
		effect Option
		isNone bool
	}{
		{"nil", returned[any](nil), true},
		{"zero", returned(0), true},
		{"one", returned(1), false},
		{"empty string", returned(""), true},
		{"nil slice", returned[[]string](nil), true},
		{"empty slice", returned([]string{}), true},
		{"slice of an empty string", returned([]string{""}), false},
		{"empty slice in an interface", returned[any]([]string{}), true},
		{"empty map", returned(map[string]bool{}), true},
		{"map of zeros", returned(map[string]int{"created": 0}), true},
		{"map of numbers", returned(map[string]int{"created": 1, "deleted": 0}), false},
		{"set", returned(map[string]struct{}{"created": {}}), false},
		{"nil pointer", returned[*counts](nil), true},
		{"struct of zeros", returned(counts{names: []string{}}), true},
		{"struct with a number", returned(counts{deleted: 1}), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			failures := failuresOf(t, func(t testing.TB) { Compare(t, inprocchain.Chain{}, register, callUnary("message"), c.effect) })
			if c.isNone {
				mustFailWith(t, failures, noneOnBoth)
			} else {
				mustHaveFailures(t, failures, 0)
			}
		})
	}
}

func returned[T any](effects T) Option { return WithSideEffects(func() T { return effects }) }

func TestWithoutSideEffects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		effects []string
		wants   []string
	}{
		{"none", nil, nil},
		{"some", []string{"a", "b"}, []string{
			"chaintest: on the network, the calls left side effects, but WithoutSideEffects allows none: " + effectsLeft + "\n\t\t[a b]",
			"chaintest: in-process, the calls left side effects, but WithoutSideEffects allows none: " + effectsLeft + "\n\t\t[a b]",
		}},
	} {
		onNetwork, inProcess := openConn(t, network), openConn(t, inProcess)
		failures := failuresOf(t, func(t testing.TB) {
			reads := 0
			CompareConns(t, onNetwork, inProcess, callUnary("message"), WithoutSideEffects(func() []string {
				reads++
				if reads%2 == 1 {
					return nil // before the calls
				}
				return c.effects
			}))
		})
		mustFailWith(t, failures, c.wants...)
		mustHaveFailures(t, failures, len(c.wants))
	}
}
