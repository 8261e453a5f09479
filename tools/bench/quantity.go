package main

import (
	"fmt"
	"slices"
)

// A quantity is something that has a figure: a cost, or the ratio of a cost to another
// one. It is better if it is smaller.
type quantity struct {
	cost
	divisor cost // The zero cost stands for none.
}

// A cost is what an operation of a benchmark costs. If there is a base, it is what each
// of a number of steps adds to the cost of the base.
type cost struct {
	benchmark, unit string
	base            string // a benchmark
	steps           float64
}

func timeOf(benchmark string) cost { return cost{benchmark: benchmark, unit: seconds} }

func allocationsOf(benchmark string) cost { return cost{benchmark: benchmark, unit: allocations} }

// ratio is the ratio of the times of the sides a and b of a benchmark.
func ratio(benchmark, a, b string) quantity {
	return timeOf(benchmark + "/on=" + a).to(timeOf(benchmark + "/on=" + b))
}

// to is the ratio of two costs with the same unit.
func (c cost) to(divisor cost) quantity { return quantity{c, divisor} }

// String names the quantity in docs/performance.json.
func (q quantity) String() string {
	if q.divisor == (cost{}) {
		return fmt.Sprintf("%v, %s", q.cost, q.unit)
	}
	return fmt.Sprintf("%v / %v, %s", q.cost, q.divisor, q.unit)
}

func (c cost) String() string {
	if c.steps == 0 {
		return c.benchmark
	}
	return fmt.Sprintf("(%s - %s)/%v", c.benchmark, c.base, c.steps)
}

// figure returns the figure of a quantity.
func (m *measurements) figure(q quantity) (figure, error) {
	values, err := m.cost(q.cost)
	if err != nil {
		return figure{}, err
	}
	if q.divisor != (cost{}) {
		divisors, err := m.cost(q.divisor)
		if err != nil {
			return figure{}, err
		}
		for round := range values {
			values[round] /= divisors[round]
		}
	}
	slices.Sort(values)
	return figure{
		Median: quantile(values, 0.5),
		Low:    quantile(values, 0.25),
		High:   quantile(values, 0.75),
	}, nil
}

// cost returns a cost in each of the rounds.
func (m *measurements) cost(c cost) ([]float64, error) {
	values, err := m.of(c.benchmark, c.unit)
	if err != nil || c.steps == 0 {
		return values, err
	}
	bases, err := m.of(c.base, c.unit)
	if err != nil {
		return nil, err
	}
	for round := range values {
		values[round] = (values[round] - bases[round]) / c.steps
	}
	return values, nil
}

func (m *measurements) of(benchmark, unit string) ([]float64, error) {
	values, ok := m.values[benchmarkUnit{benchmark, unit}]
	if !ok {
		return nil, fmt.Errorf("no benchmark %s has printed %s", benchmark, unit)
	}
	return slices.Clone(values), nil
}

// quantile interpolates between the two values that are next to the quantile.
func quantile(sorted []float64, q float64) float64 {
	position := q * float64(len(sorted)-1)
	below := int(position)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (position-float64(below))*(sorted[above]-sorted[below])
}
