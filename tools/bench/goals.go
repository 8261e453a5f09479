package main

import (
	"fmt"
	"strings"
)

// A goal is the most that a quantity should be.
type goal struct {
	name string
	quantity
	most float64
}

// goals are the project's own. They are printed, and not part of the page.
var goals = []goal{
	{"empty message, to the bare channel", ratio("Unary/size=0", "inprocchain", "inprocgrpc"), 0.50},
	{"1 KiB, to the bare channel", ratioToBare, 0.50},
	{"1 KiB, service registered below, to the bare channel", belowToBare, 0.50},
	{"1 KiB, to the floor", ratio("Unary/size=1KiB", "inprocchain", "floor"), 1.45},
	{"empty message, to the floor", ratio("Unary/size=0", "inprocchain", "floor"), 1.80},
	{"1 KiB, otelgrpc, to the bare channel's hooks", ratio("OTel/n=0", "inprocchain", "inprocgrpc"), 0.95},
	{"1 KiB, otelgrpc and 5 interceptors, to bufconn", ratioToBufconn, 0.30},
	{"bidi, 1 KiB, to the bare channel", ratio("Bidi/size=1KiB", "inprocchain", "inprocgrpc"), 0.60},
	{"bidi, 64 KiB, to the bare channel", ratio("Bidi/size=64KiB", "inprocchain", "inprocgrpc"), 0.50},
	{"allocations, empty message", allocationCounts[0].onChannel(), 8},
}

// checkGoals says for each goal whether it is met.
func (r *results) checkGoals() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%-54s %6s %6s  %s\n", "goal", "most", "median", "quartiles")
	for _, g := range goals {
		f, err := r.of(g.quantity)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%-54s %6.2f %6.3f  %.3f to %.3f  %s\n", g.name, g.most, f.Median, f.Low, f.High, g.verdict(f))
	}
	return b.String(), nil
}

func (g goal) verdict(f figure) string {
	if f.Median <= g.most {
		return "met"
	}
	return "not met"
}
