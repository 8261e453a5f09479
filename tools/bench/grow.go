package main

import (
	"fmt"
	"slices"
	"strings"
)

// A series is a plot: what the cost of an RPC grows with.
type series struct {
	file, title string
	x, xLabel   string // x with the benchmark's parameter
	benchmark   string // with the parameter and the side
	params      []param
	lines       []line
}

type param struct {
	name string
	x    float64
}

type line struct {
	on, label string
	y         []float64 // microseconds, in the fastest of the rounds: what else a machine does only adds
}

const (
	here  = "inprocchain"
	plain = "bare inprocgrpc.Channel"
)

var allSeries = []series{
	{
		file: "interceptors.svg", title: "A unary RPC of 1 KiB, by server interceptors", x: "interceptor", xLabel: "interceptors",
		benchmark: "ServerInterceptors/n=%s/on=%s", params: numbers("0", "1", "2", "4", "8", "16", "32"),
		lines: []line{{on: "inprocchain", label: here}, {on: "grpchan", label: "inprocgrpc.Channel, folded as grpchan does"}},
	}, {
		file: "sizes.svg", title: "A unary RPC, by message size", x: "KiB", xLabel: "size of request and response, KiB",
		benchmark: "Unary/size=%s/on=%s",
		params:    []param{{"0", 0}, {"1KiB", 1}, {"64KiB", 64}, {"128KiB", 128}, {"256KiB", 256}, {"512KiB", 512}, {"1MiB", 1024}},
		lines: []line{{on: "inprocchain", label: here}, {on: "inprocgrpc", label: plain},
			{on: "floor", label: "floor: a goroutine and two deep copies"}},
	}, {
		file: "callers.svg", title: "A unary RPC of 1 KiB, by concurrent callers", x: "caller", xLabel: "concurrent callers",
		benchmark: "Callers/n=%s/on=%s", params: numbers("1", "2", "4", "8", "16", "32", "64"),
		lines: []line{{on: "inprocchain", label: here}, {on: "inprocgrpc", label: plain}},
	}, {
		file: "methods.svg", title: "A unary RPC of 1 KiB to the last of n methods", x: "method", xLabel: "registered methods",
		benchmark: "Methods/n=%s/on=%s", params: numbers("1", "250", "500", "750", "1000"),
		lines: []line{{on: "inprocchain", label: here}, {on: "inprocgrpc", label: plain}},
	},
}

func numbers(names ...string) []param {
	var params []param
	for _, name := range names {
		var x float64
		fmt.Sscan(name, &x)
		params = append(params, param{name, x})
	}
	return params
}

func growth(m *measurements) ([]series, error) {
	grown := slices.Clone(allSeries)
	for i := range grown {
		s := &grown[i]
		s.lines = slices.Clone(s.lines)
		for j := range s.lines {
			for _, p := range s.params {
				values, err := m.of(figure{fmt.Sprintf(s.benchmark, p.name, s.lines[j].on), seconds})
				if err != nil {
					return nil, err
				}
				s.lines[j].y = append(s.lines[j].y, slices.Min(values)*1e6)
			}
		}
	}
	return grown, nil
}

// slope is what each step adds, in microseconds: the least squares' line.
func (s series) slope(l line) float64 {
	var meanX, meanY, above, below float64
	n := float64(len(s.params))
	for i, p := range s.params {
		meanX += p.x / n
		meanY += l.y[i] / n
	}
	for i, p := range s.params {
		above += (p.x - meanX) * (l.y[i] - meanY)
		below += (p.x - meanX) * (p.x - meanX)
	}
	return above / below
}

func growthTable(grown []series) string {
	var b strings.Builder
	b.WriteString("| | first | last | each more adds |\n|---|--:|--:|--:|\n")
	for _, s := range grown {
		first, last := s.params[0].name, s.params[len(s.params)-1].name
		for _, l := range s.lines {
			fmt.Fprintf(&b, "| %s: %s | %s: %.1f µs | %s: %.1f µs | %.0f ns per %s |\n",
				s.title, l.label, first, l.y[0], last, l.y[len(l.y)-1], s.slope(l)*1000, s.x)
		}
	}
	return b.String()
}
