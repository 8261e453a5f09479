package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// What has been measured.
type measurements struct {
	figures map[figure][]float64 // one for each round
	machine string               // as the benchmarks print it
}

// A figure is one that a benchmark prints.
type figure struct {
	benchmark string // its name, without "Benchmark" and GOMAXPROCS
	unit      string // seconds or allocations
}

// The units that benchfmt makes of ns/op and allocs/op.
const (
	seconds     = "sec/op"
	allocations = "allocs/op"
)

// The module with the benchmarks. Its go.mod decides what they are compared with.
var module = filepath.Join("internal", "conformance")

func measure(root string, rounds int, benchtime time.Duration) (*measurements, error) {
	directory, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	program := filepath.Join(directory, "benchmarks")
	compile := exec.Command("go", "test", "-c", "-o", program, "./benchmarks")
	compile.Dir, compile.Stderr = filepath.Join(root, module), os.Stderr
	if err := compile.Run(); err != nil {
		return nil, fmt.Errorf("compiling the benchmarks in %s: %w", compile.Dir, err)
	}
	m := &measurements{figures: map[figure][]float64{}}
	for done := 0; done < rounds; done += inOneProcess {
		fmt.Fprintf(os.Stderr, "%d of %d rounds\n", done, rounds)
		if err := m.run(program, min(inOneProcess, rounds-done), benchtime); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// A process may be lucky with where its memory lies, so there are several.
const inOneProcess = 5

// run measures some rounds, after one that warms up.
func (m *measurements) run(program string, rounds int, benchtime time.Duration) error {
	cmd := exec.Command(program, "-test.run=^$", "-test.bench=.", "-test.benchtime="+benchtime.String(), "-test.timeout=10m",
		fmt.Sprintf("-rounds=%d", 1+rounds))
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("running the benchmarks: %w\n%s", err, output)
	}
	return m.read(bytes.NewReader(output), program)
}

// read takes the figures of all rounds but the first.
func (m *measurements) read(output io.Reader, program string) error {
	read := map[figure][]float64{}
	reader := benchfmt.NewReader(output, program)
	for reader.Scan() {
		if result, ok := reader.Result().(*benchfmt.Result); ok {
			m.note(result, read)
		}
	}
	for f, values := range read {
		m.figures[f] = append(m.figures[f], values[1:]...)
	}
	return reader.Err()
}

func (m *measurements) note(result *benchfmt.Result, read map[figure][]float64) {
	m.machine = fmt.Sprintf("%s, %s/%s", result.GetConfig("cpu"), result.GetConfig("goos"), result.GetConfig("goarch"))
	name, parts := result.Name.Parts()
	benchmark := string(name)
	for _, part := range parts {
		if !strings.HasPrefix(string(part), "-") { // GOMAXPROCS
			part, _, _ := strings.Cut(string(part), "#") // the round
			benchmark += part
		}
	}
	for _, unit := range []string{seconds, allocations} {
		if value, ok := result.Value(unit); ok {
			f := figure{benchmark, unit}
			read[f] = append(read[f], value)
		}
	}
}

// of returns a figure in each of the rounds.
func (m *measurements) of(f figure) ([]float64, error) {
	values, ok := m.figures[f]
	if !ok {
		return nil, fmt.Errorf("there is no benchmark %s with %s", f.benchmark, f.unit)
	}
	return values, nil
}
