package main

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const output = `goos: linux
goarch: amd64
cpu: A machine
BenchmarkFold/n=1/on=grpc-go-2            	 100	 99 ns/op	 0 B/op	 0 allocs/op
BenchmarkFold/n=1/on=grpc-go#01-2         	 100	 10 ns/op	 0 B/op	 0 allocs/op
BenchmarkFold/n=32/on=grpc-go-2           	 100	 99 ns/op	 0 B/op	 31 allocs/op
BenchmarkFold/n=32/on=grpc-go#01-2        	 100	 3110 ns/op	 0 B/op	 31 allocs/op
BenchmarkUnary/size=0/on=inprocchain-2    	 100	 99 ns/op	 0 B/op	 99 allocs/op
BenchmarkUnary/size=0/on=inprocgrpc-2     	 100	 99 ns/op	 0 B/op	 99 allocs/op
BenchmarkUnary/size=0/on=inprocchain#01-2 	 100	 50 ns/op	 0 B/op	 21 allocs/op
BenchmarkUnary/size=0/on=inprocgrpc#01-2  	 100	 100 ns/op	 0 B/op	 19 allocs/op
`

// The first round warms up and is not in the figures.
func TestFigures(t *testing.T) {
	m := &measurements{values: map[benchmarkUnit][]float64{}}
	if err := m.read(strings.NewReader(output), "output"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		quantity
		want float64
	}{
		"time":                 {quantity{cost: timeOf("Unary/size=0/on=inprocchain")}, 50e-9},
		"allocations":          {quantity{cost: allocationsOf("Unary/size=0/on=inprocchain")}, 21},
		"time per interceptor": {quantity{cost: perInterceptor("grpc-go")}, 100e-9},
		"ratio":                {ratio("Unary/size=0", "inprocchain", "inprocgrpc"), 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := m.figure(test.quantity)
			if err != nil || math.Abs(got.Median/test.want-1) > 1e-9 {
				t.Errorf("got %v and the error %v, want %v", got.Median, err, test.want)
			}
		})
	}
	if _, err := m.figure(quantity{cost: timeOf("None")}); err == nil {
		t.Error("a benchmark that does not exist has a figure")
	}
	if want := "A machine, linux/amd64"; m.machine != want {
		t.Errorf("the machine is %q, want %q", m.machine, want)
	}
}

func TestFigureHasMedianAndQuartiles(t *testing.T) {
	c := timeOf("A")
	m := &measurements{values: map[benchmarkUnit][]float64{{"A", seconds}: {50, 10, 20, 40, 30}}}
	got, err := m.figure(quantity{cost: c})
	if want := (figure{Median: 30, Low: 20, High: 40}); err != nil || got != want {
		t.Errorf("got %v and the error %v, want %v", got, err, want)
	}
	m.values[benchmarkUnit{"A", seconds}] = []float64{10, 20}
	if got, _ := m.figure(quantity{cost: c}); got.Median != 15 {
		t.Errorf("the median of 10 and 20 is %v, want 15", got.Median)
	}
}

// TestBenchmarksExist measures every quantity once, so that each has its benchmark.
func TestBenchmarksExist(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the benchmarks")
	}
	root := filepath.Join("..", "..")
	m, err := measure(root, 1, time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.results(root, 1); err != nil {
		t.Error(err)
	}
}

func TestWorseKeepsTheLargerMedians(t *testing.T) {
	a := &results{Machine: "M", Rounds: []int{35}, Figures: map[string]figure{"x": {2, 1, 3}, "y": {5, 4, 6}}}
	b := &results{Machine: "M", Rounds: []int{35}, Figures: map[string]figure{"x": {3, 2, 4}, "y": {4, 3, 7}}}
	got, err := a.worse(b)
	if err != nil {
		t.Fatal(err)
	}
	if got.Figures["x"] != b.Figures["x"] || got.Figures["y"] != a.Figures["y"] {
		t.Errorf("got %v, want x of the second run and y of the first", got.Figures)
	}
	if want := "the worse of 2 runs, with 35 and 35 rounds"; !strings.Contains(got.conditions(), want) {
		t.Errorf("the conditions are %q, want them to say %q", got.conditions(), want)
	}
	b.Machine = "another"
	if _, err := a.worse(b); err == nil {
		t.Error("runs on two machines can be combined")
	}
}

func TestVerdict(t *testing.T) {
	for want, median := range map[string]float64{"met": 0.5, "not met": 0.51} {
		if got := (goal{most: 0.5}).verdict(figure{Median: median}); got != want {
			t.Errorf("%v, of at most 0.5, is %s, want %s", median, got, want)
		}
	}
}

// The step from 0 to 1 is not part of the slope.
func TestSlope(t *testing.T) {
	d := &seriesData{series: series{points: numbers(0, 1, 2, 6)}}
	if got := d.slope([]float64{0, 3, 5, 13}); math.Abs(got-2) > 1e-9 {
		t.Errorf("got %v, want 2", got)
	}
}

func TestRoundStep(t *testing.T) {
	var got []float64
	for _, least := range []float64{0.3, 1, 1.1, 3, 6, 10, 240} {
		got = append(got, roundStep(least))
	}
	if want := []float64{1, 1, 2, 5, 10, 10, 500}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
