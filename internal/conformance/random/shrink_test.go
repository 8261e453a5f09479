//go:build !race

package random_test

import (
	"slices"
	"testing"
	"time"
)

// shrink returns the difference of the smallest program that it finds with a difference of the
// same kind.
// Its time is limited.
func shrink(t *testing.T, d difference) difference {
	end := time.Now().Add(*shrinking)
	for {
		smaller, ok := smaller(t, d, end)
		if !ok {
			return d
		}
		d = smaller
	}
}

func smaller(t *testing.T, d difference, end time.Time) (difference, bool) {
	for _, p := range reductions(d.program) {
		if time.Now().After(end) {
			break
		}
		if found, ok := withKind(compare(t, p), d.kind()); ok {
			return found, true
		}
	}
	return difference{}, false
}

func withKind(all []difference, kind string) (difference, bool) {
	for _, d := range all {
		if d.kind() == kind {
			return d, true
		}
	}
	return difference{}, false
}

// reductions returns slightly smaller programs, the smallest first.
func reductions(p program) []program {
	var all []program
	add := func(change func(*program)) {
		smaller := p
		smaller.calls, smaller.steps = slices.Clone(p.calls), slices.Clone(p.steps)
		change(&smaller)
		all = append(all, smaller)
	}
	if last := len(p.calls) - 1; last > 0 {
		add(func(p *program) {
			p.calls = p.calls[:last]
			p.steps = slices.DeleteFunc(p.steps, func(s step) bool { return s.call == last })
		})
	}
	for size := len(p.steps) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(p.steps); i += size {
			add(func(p *program) { p.steps = slices.Delete(p.steps, i, i+size) })
		}
	}
	reduceLists(p, add)
	for i, c := range p.calls {
		for _, choice := range []func(*callSpec) *int{
			func(c *callSpec) *int { return &c.context },
			func(c *callSpec) *int { return &c.parent },
			func(c *callSpec) *int { return &c.client },
		} {
			if *choice(&c) > 0 {
				add(func(p *program) { *choice(&p.calls[i]) = 0 })
			}
		}
		for o := range c.options {
			add(func(p *program) { p.calls[i].options = slices.Delete(slices.Clone(c.options), o, o+1) })
		}
	}
	for _, choice := range []func(*program) *int{
		func(p *program) *int { return &p.message },
		func(p *program) *int { return &p.clock },
	} {
		if *choice(&p) > 0 {
			add(func(p *program) { *choice(p) = 0 })
		}
	}
	if p.noImplementation {
		add(func(p *program) { p.noImplementation = false })
	}
	for i, s := range p.steps {
		if s.arg > 0 {
			add(func(p *program) { p.steps[i].arg = 0 })
		}
		if s.then != returned {
			add(func(p *program) { p.steps[i].then = returned })
		}
	}
	return all
}

// reduceLists adds programs with shorter or simpler chains.
func reduceLists(p program, add func(change func(*program))) {
	for _, list := range []func(*program) *[]int{
		func(p *program) *[]int { return &p.defaults },
		func(p *program) *[]int { return &p.clientInterceptors },
		func(p *program) *[]int { return &p.serverInterceptors },
	} {
		for i := range *list(&p) {
			add(func(p *program) { *list(p) = slices.Delete(slices.Clone(*list(p)), i, i+1) })
		}
	}
	for _, list := range []func(*program) *[]behavior{
		func(p *program) *[]behavior { return &p.clientStats },
		func(p *program) *[]behavior { return &p.serverStats },
	} {
		for i, b := range *list(&p) {
			add(func(p *program) { *list(p) = slices.Delete(slices.Clone(*list(p)), i, i+1) })
			if b.action > 0 {
				add(func(p *program) {
					*list(p) = slices.Clone(*list(p))
					(*list(p))[i].action = 0
				})
			}
		}
	}
}
