package differential_test

import "slices"

// shrink returns the difference of the smallest program that it finds with a difference of the
// kind.
func (t *tester) shrink(d *difference, kind string) *difference {
	quick := *t
	quick.reruns = t.reruns / 3
	for smaller := d; smaller != nil; smaller = quick.smaller(d, kind) {
		d = smaller
	}
	if all := t.compare(d.program, inProcess); all != nil && len(all.with(kind)) > 0 {
		return all
	}
	return d
}

// smaller returns the difference of a smaller program with the same kind of difference, or nil.
func (t *tester) smaller(d *difference, kind string) *difference {
	sides := []side{d.with(kind)[0].side}
	for _, p := range reductions(d.program) {
		if found := t.compare(p, sides); found != nil && len(found.with(kind)) > 0 {
			return found
		}
	}
	return nil
}

// reductions returns slightly smaller programs, the smallest first.
func reductions(p program) []program {
	var all []program
	add := func(change func(*program)) {
		smaller := p
		change(&smaller)
		all = append(all, smaller)
	}
	for size := len(p.steps) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(p.steps); i += size {
			add(func(p *program) { p.steps = slices.Delete(slices.Clone(p.steps), i, i+size) })
		}
	}
	for _, list := range []func(*program) *[]int{
		func(p *program) *[]int { return &p.options },
		func(p *program) *[]int { return &p.clientInterceptors },
		func(p *program) *[]int { return &p.serverInterceptors },
		func(p *program) *[]int { return &p.clientStats },
		func(p *program) *[]int { return &p.serverStats },
	} {
		for i, choice := range *list(&p) {
			add(func(p *program) { *list(p) = slices.Delete(slices.Clone(*list(p)), i, i+1) })
			if choice > 0 && list(&p) != &p.options {
				add(func(p *program) {
					*list(p) = slices.Clone(*list(p))
					(*list(p))[i] = 0
				})
			}
		}
	}
	for _, choice := range []func(*program) *int{
		func(p *program) *int { return &p.messages },
		func(p *program) *int { return &p.context },
		func(p *program) *int { return &p.outgoing },
	} {
		if *choice(&p) > 0 {
			add(func(p *program) { *choice(p) = 0 })
		}
	}
	if simple := simplest(p.method); simple != p.method {
		add(func(p *program) { p.method = simple })
	}
	for i, s := range p.steps {
		if s.arg > 0 {
			add(func(p *program) {
				p.steps = slices.Clone(p.steps)
				p.steps[i].arg = 0
			})
		}
	}
	return all
}

// simplest returns the first method that is also unary, or also a stream.
func simplest(m int) int {
	return slices.IndexFunc(methods, func(other method) bool { return other.unary == methods[m].unary })
}
