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

// goals are the project's own. They are printed by request, and not part of the page.
var goals = []goal{
	{"empty message, to the bare channel", ratio("Unary/size=0", "inprocchain", "inprocgrpc"), 0.65},
	{"1 KiB, to the bare channel", ratioToBare, 0.60},
	{"1 KiB, service registered below, to the bare channel", belowToBare, 0.60},
	{"1 KiB, otelgrpc, to the bare channel's hooks", ratio("OTel/n=0", "inprocchain", "inprocgrpc"), 1.10},
	{"1 KiB, otelgrpc and 5 interceptors, to bufconn", ratioToBufconn, 0.32},
	{"bidi, 1 KiB, to the bare channel", ratio("Bidi/size=1KiB", "inprocchain", "inprocgrpc"), 0.65},
	{"bidi, 64 KiB, to the bare channel", ratio("Bidi/size=64KiB", "inprocchain", "inprocgrpc"), 0.54},
	{"structured, to the bare channel", ratio("Structured/n=100", "inprocchain", "inprocgrpc"), 0.79},
	{"structured, to bufconn", ratio("Structured/n=100", "inprocchain", "bufconn"), 0.56},
	{"structured, shared, to copied", ratio("Structured/n=100", "shared", "inprocchain"), 0.01},
	{"the same with otelgrpc and 5 interceptors", ratio("StructuredOTel/n=100", "shared", "inprocchain"), 0.25},
	{"64 KiB, shared, to the bare channel", ratio("Shared/size=64KiB", "shared", "inprocgrpc"), 0.10},
	{"memory of an open stream, to bufconn", memoryOn("inprocchain").to(memoryOn("bufconn")), 0.30},
	{"1 MiB, shared, to the bare channel", ratio("Shared/size=1MiB", "shared", "inprocgrpc"), 0.01},
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
