package chaintest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/google/go-cmp/cmp"
)

// WithSideEffects makes [Compare] and [CompareConns] also compare what the function effects
// returns, for example the lines that the calls added to an audit log. It is called before
// and after the calls on each connection. Each time it must return only what is new since its
// last call, in a value that does not change afterwards:
//
//	chaintest.WithSideEffects(audit.newLines) // a method that returns a []string
//
// If nothing is new on either connection, the test fails, because what writes the audit log
// is probably missing on both. [WithoutSideEffects] is for calls that must leave nothing.
// New is everything except nil, zero, "", an empty slice or map, a map of numbers that are
// all zero, and a struct with only such fields.
//
// On a network, effects may be written after the client has the response: those of stats
// handlers, of metrics that stats handlers record, and of span processors. So CompareConns
// first waits 20 milliseconds, for those of earlier RPCs of the test. Then it makes the calls
// on the Channel, where all is written before the caller has the response, and then on the
// network. If there is then less on the network, it calls effects again, for up to two
// seconds, and adds what is new. This needs a slice, a map, a string or a number. With other
// types, or if an RPC is canceled, run the test in a testing/synctest bubble, or let effects
// wait. An exporter that works in the background must be flushed by effects.
//
// Values are compared as by [cmp.Equal] with the options of [WithCmpOptions], and unexported
// fields are compared, too. The order of the elements of a slice is not compared, because the
// order in which late effects are written varies. Leave out times and other values that are
// never the same.
func WithSideEffects[T any](effects func() T) Option {
	return withEffects("WithSideEffects", effects, false)
}

// WithoutSideEffects makes [Compare] and [CompareConns] fail if the function effects, which
// is that of [WithSideEffects], returns something that is new after the calls on either
// connection. It is for calls that must leave nothing behind, such as requests that are
// refused.
func WithoutSideEffects[T any](effects func() T) Option {
	return withEffects("WithoutSideEffects", effects, true)
}

func withEffects[T any](name string, effects func() T, mustBeEmpty bool) Option {
	return option{name, func(s *settings) {
		e := effectsFunc{name: name, mustBeEmpty: mustBeEmpty}
		if effects != nil {
			e.read = func() any { return effects() }
		}
		s.effects = append(s.effects, e)
	}}
}

// An effectsFunc is the function of WithSideEffects or WithoutSideEffects.
type effectsFunc struct {
	name        string     // of the option
	read        func() any // nil if the option was given nil
	mustBeEmpty bool
}

func (s settings) readEffects() []any {
	var effects []any
	for _, e := range s.effects {
		effects = append(effects, e.read())
	}
	return effects
}

// awaitEffects reads late effects of the calls in want until they are the same as in got,
// or the time is up.
func (c comparison) awaitEffects(want *outcome, got outcome, until time.Time) {
	for i, e := range c.effects {
		until := until
		isComplete := func() bool { return c.equalEffects(want.effects[i], got.effects[i]) }
		if isEmpty(reflect.ValueOf(got.effects[i])) {
			// Something is missing in any case. Find out soon whether on both connections.
			isComplete = func() bool { return !isEmpty(reflect.ValueOf(want.effects[i])) }
			until = time.Now().Add(c.lateTimeout / 20)
		}
		poll(time.Until(until), func() bool {
			if e.mustBeEmpty || !canAdd(want.effects[i]) || c.repeatsEffects(*want, got, i) || isComplete() {
				return true
			}
			want.effects[i] = add(want.effects[i], e.read())
			return isComplete()
		})
	}
}

// repeatsEffects reports whether a function has returned what is new in got once more before
// the calls of want, which are made immediately after those of got.
func (c comparison) repeatsEffects(want, got outcome, i int) bool {
	return !isEmpty(reflect.ValueOf(got.effects[i])) && cmp.Equal(want.before[i], got.effects[i], c.effectOptions())
}

func (c comparison) equalEffects(a, b any) bool {
	return cmp.Equal(a, c.arranged(b, a), c.effectOptions())
}

func (c comparison) effectOptions() cmp.Options {
	return append(c.comparer.options[:len(c.comparer.options):len(c.comparer.options)],
		cmp.Exporter(func(reflect.Type) bool { return true }))
}

// arranged returns the elements of b in the order in which they are in a, if both are
// slices. On a network, effects that are late are in no certain order.
func (c comparison) arranged(b, a any) any {
	from, like := reflect.ValueOf(b), reflect.ValueOf(a)
	if from.Kind() != reflect.Slice || like.Kind() != reflect.Slice {
		return b
	}
	rest := reflect.AppendSlice(reflect.MakeSlice(from.Type(), 0, from.Len()), from)
	found := reflect.MakeSlice(from.Type(), 0, from.Len())
	for i := range like.Len() {
		for j := range rest.Len() {
			if cmp.Equal(like.Index(i).Interface(), rest.Index(j).Interface(), c.effectOptions()) {
				found = reflect.Append(found, rest.Index(j))
				rest = reflect.AppendSlice(rest.Slice(0, j), rest.Slice(j+1, rest.Len()))
				break
			}
		}
	}
	if found.Len() == 0 {
		return b // also nil, which is not equal to an empty slice
	}
	return reflect.AppendSlice(found, rest).Interface()
}

// effectDifferences describes effects that differ, and those that are missing.
func (c comparison) effectDifferences(want, got outcome) []string {
	var found []string
	for i, e := range c.effects {
		a, b := want.effects[i], got.effects[i]
		noneInWant, noneInGot := isEmpty(reflect.ValueOf(a)), isEmpty(reflect.ValueOf(b))
		switch {
		case c.repeatsEffects(want, got, i) && (e.mustBeEmpty || !c.equalEffects(a, b)):
			found = append(found, "side effects are not only those of the calls: "+effectsNotNew)
		case e.mustBeEmpty:
			for _, o := range []outcome{want, got} {
				if !isEmpty(reflect.ValueOf(o.effects[i])) {
					found = append(found, fmt.Sprintf("%s, the calls left side effects, but WithoutSideEffects allows none: %s\n\t\t%+v", o.where, effectsLeft, o.effects[i]))
				}
			}
		case noneInWant && noneInGot:
			found = append(found, "no side effects on either connection: "+noEffects)
		case !c.equalEffects(a, b):
			found = append(found, fmt.Sprintf("side effects %s %s%s", header, c.comparer.effectsCause(a, b), indent(cmp.Diff(a, c.arranged(b, a), c.effectOptions()))))
		}
	}
	return found
}
