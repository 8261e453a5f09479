package main

import (
	"os"
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

func TestCosts(t *testing.T) {
	m := readOutput(t)
	for _, test := range []struct {
		name string
		got  func() ([]float64, error)
		want float64
	}{
		{"a time", func() ([]float64, error) { return m.cost(cpu("Unary/size=0/on=inprocchain")) }, 50e-9},
		{"what each interceptor takes", func() ([]float64, error) { return m.cost(folding("grpc-go", seconds)) }, 100e-9},
		{"what each interceptor allocates", func() ([]float64, error) { return m.cost(folding("grpc-go", allocations)) }, 1},
		{"a ratio", func() ([]float64, error) {
			return m.ratios(cpu("Unary/size=0/on=inprocchain"), cpu("Unary/size=0/on=inprocgrpc"))
		}, 0.5},
		{"a difference", func() ([]float64, error) {
			return m.differences(memory("Unary/size=0/on=inprocchain"), memory("Unary/size=0/on=inprocgrpc"))
		}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.got()
			if err != nil || len(got) != 1 || got[0] < test.want*0.999 || got[0] > test.want*1.001 {
				t.Errorf("got %v and the error %v, want %v", got, err, test.want)
			}
		})
	}
	if _, err := m.cost(cpu("None")); err == nil {
		t.Error("the cost of a benchmark that does not exist is no error")
	}
	if want := "A machine, linux/amd64"; m.machine != want {
		t.Errorf("the machine is %q, want %q", m.machine, want)
	}
}

// TestBenchmarksExist runs every benchmark that the tables and plots name.
func TestBenchmarksExist(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the benchmarks")
	}
	m, err := measure(filepath.Join("..", ".."), 1, time.Nanosecond)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := compare(m); err != nil {
		t.Error(err)
	}
	if _, err := floorTable(m); err != nil {
		t.Error(err)
	}
	grown, err := growth(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range grown {
		if err := drawLines(filepath.Join(t.TempDir(), s.file), s); err != nil {
			t.Error(err)
		}
	}
}

func TestVerdict(t *testing.T) {
	for want, c := range map[string]comparison{
		"met":    {most: 0.5, rounds: []float64{0.1, 0.5, 0.9}},
		"missed": {most: 0.49, rounds: []float64{0.1, 0.5, 0.9}},
	} {
		if got := c.verdict(); got != want {
			t.Errorf("%v of at most %v is %s, want %s", c.measured(), c.most, got, want)
		}
	}
}

func TestSlope(t *testing.T) {
	s := series{params: numbers("0", "1", "5")}
	if got := s.slope(line{y: []float64{1, 3, 11}}); got < 1.999 || got > 2.001 {
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

func TestUpdate(t *testing.T) {
	document := filepath.Join(t.TempDir(), "page.md")
	const before = "A\n<!-- measured: x -->\nold\n<!-- end -->\nB\n<!-- measured: y -->\n<!-- end -->\n"
	if err := os.WriteFile(document, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := update(document, map[string]string{"x": "new\n", "y": "more\n"}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := "A\n<!-- measured: x -->\nnew\n<!-- end -->\nB\n<!-- measured: y -->\nmore\n<!-- end -->\n"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := update(document, map[string]string{"z": "none\n"}); err == nil {
		t.Error("a part that the document has no place for is no error")
	}
}

func readOutput(t *testing.T) *measurements {
	t.Helper()
	m := &measurements{figures: map[figure][]float64{}}
	if err := m.read(strings.NewReader(output), "output"); err != nil {
		t.Fatal(err)
	}
	return m
}
