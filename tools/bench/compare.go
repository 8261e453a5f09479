package main

import (
	"fmt"
	"slices"
	"strings"
)

// A comparison is a row of the table: what a work costs here and elsewhere.
type comparison struct {
	work, against string
	ours, theirs  cost
	most          float64
	more          bool // compares by how much more, not how many times as much

	rounds []float64 // measured, in order of size
}

// A cost is a figure, or what a figure grows by for each of several steps.
type cost struct {
	figure
	since figure
	steps float64
}

func cpu(benchmark string) cost { return cost{figure: figure{benchmark, seconds}} }

func memory(benchmark string) cost { return cost{figure: figure{benchmark, allocations}} }

// folding is the cost of each of 31 interceptors added to one.
func folding(on, unit string) cost {
	return cost{figure{"Fold/n=32/on=" + on, unit}, figure{"Fold/n=1/on=" + on, unit}, 31}
}

var comparisons = []comparison{
	{
		work: "unary, empty message, empty chain", against: "bare inprocgrpc.Channel",
		ours: cpu("Unary/size=0/on=inprocchain"), theirs: cpu("Unary/size=0/on=inprocgrpc"), most: 0.80,
	}, {
		work: "unary, 1 KiB, empty chain", against: "bare inprocgrpc.Channel",
		ours: cpu("Unary/size=1KiB/on=inprocchain"), theirs: cpu("Unary/size=1KiB/on=inprocgrpc"), most: 0.72,
	}, {
		work: "unary, 1 KiB, 5 server interceptors", against: "the same five folded by hand on the bare channel",
		ours: cpu("ServerInterceptors/n=5/on=inprocchain"), theirs: cpu("ServerInterceptors/n=5/on=by-hand"), most: 0.95,
	}, {
		work: "unary, 1 KiB, 5 client and 5 server interceptors", against: "grpchan's InterceptClientConnUnary, and its own folding",
		ours: cpu("BothInterceptors/n=5/on=inprocchain"), theirs: cpu("BothInterceptors/n=5/on=grpchan"), most: 0.95,
	}, {
		work: "unary, 1 KiB, otelgrpc on both sides", against: "the bare channel's stats hooks, which leave half out",
		ours: cpu("OTel/n=0/on=inprocchain"), theirs: cpu("OTel/n=0/on=inprocgrpc"), most: 1.15,
	}, {
		work: "unary, 1 KiB, 5 interceptors and otelgrpc on both sides", against: "grpc-go over bufconn, the same Chain",
		ours: cpu("OTel/n=5/on=inprocchain"), theirs: cpu("OTel/n=5/on=bufconn"), most: 0.40,
	}, {
		work: "unary, 1 KiB, 5 interceptors and otelgrpc on both sides", against: "grpc-go over loopback TCP, the same Chain",
		ours: cpu("OTel/n=5/on=inprocchain"), theirs: cpu("OTel/n=5/on=tcp"), most: 0.28,
	}, {
		work: "bidi stream, 1 KiB a message, empty chain", against: "bare inprocgrpc.Channel",
		ours: cpu("Bidi/size=1KiB/on=inprocchain"), theirs: cpu("Bidi/size=1KiB/on=inprocgrpc"), most: 0.70,
	}, {
		work: "bidi stream, 64 KiB a message, empty chain", against: "bare inprocgrpc.Channel",
		ours: cpu("Bidi/size=64KiB/on=inprocchain"), theirs: cpu("Bidi/size=64KiB/on=inprocgrpc"), most: 0.55,
	}, {
		work: "folding, time for each interceptor from 1 to 32", against: "grpc-go's chain on a network server",
		ours: folding("inprocchain", seconds), theirs: folding("grpc-go", seconds), most: 1.00,
	}, {
		work: "folding, allocations for each interceptor from 1 to 32", against: "grpc-go's chain on a network server",
		ours: folding("inprocchain", allocations), theirs: folding("grpc-go", allocations), most: 1.00,
	}, {
		work: "allocations of one unary RPC, empty chain", against: "bare inprocgrpc.Channel with one interceptor",
		ours: memory("Unary/size=1KiB/on=inprocchain"), theirs: memory("ServerInterceptors/n=1/on=grpchan"), most: 2, more: true,
	},
}

func compare(m *measurements) ([]comparison, error) {
	compared := slices.Clone(comparisons)
	for i := range compared {
		c := &compared[i]
		relate := m.ratios
		if c.more {
			relate = m.differences
		}
		var err error
		if c.rounds, err = relate(c.ours, c.theirs); err != nil {
			return nil, err
		}
	}
	return compared, nil
}

// ratios returns those of the rounds, in order of size.
func (m *measurements) ratios(ours, theirs cost) ([]float64, error) {
	return m.relate(ours, theirs, func(ours, theirs float64) float64 { return ours / theirs })
}

func (m *measurements) differences(ours, theirs cost) ([]float64, error) {
	return m.relate(ours, theirs, func(ours, theirs float64) float64 { return ours - theirs })
}

func (m *measurements) relate(ours, theirs cost, related func(ours, theirs float64) float64) ([]float64, error) {
	a, err := m.cost(ours)
	if err != nil {
		return nil, err
	}
	b, err := m.cost(theirs)
	if err != nil {
		return nil, err
	}
	rounds := make([]float64, len(a))
	for i := range rounds {
		rounds[i] = related(a[i], b[i])
	}
	slices.Sort(rounds)
	return rounds, nil
}

func (m *measurements) cost(c cost) ([]float64, error) {
	values, err := m.of(c.figure)
	if err != nil || c.steps == 0 {
		return values, err
	}
	since, err := m.of(c.since)
	if err != nil {
		return nil, err
	}
	values = slices.Clone(values)
	for round := range values {
		values[round] = (values[round] - since[round]) / c.steps
	}
	return values, nil
}

// measured is the median of the rounds.
func (c comparison) measured() float64 { return quantile(c.rounds, 0.5) }

func (c comparison) verdict() string {
	if c.measured() <= c.most {
		return "met"
	}
	return "missed"
}

func quantile(sorted []float64, q float64) float64 { return sorted[int(q*float64(len(sorted)-1)+0.5)] }

func table(compared []comparison) string {
	var b strings.Builder
	b.WriteString("| work | against | at most | measured | half of the rounds | |\n|---|---|--:|--:|:-:|---|\n")
	for _, c := range compared {
		format := "%.2f"
		if c.more {
			format = "%+.0f"
		}
		fmt.Fprintf(&b, "| %s | %s | "+format+" | **"+format+"** | "+format+" to "+format+" | %s |\n",
			c.work, c.against, c.most, c.measured(), quantile(c.rounds, 0.25), quantile(c.rounds, 0.75), c.verdict())
	}
	return b.String()
}
