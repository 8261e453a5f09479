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

// The measurements are what the benchmarks have printed.
type measurements struct {
	values  map[benchmarkUnit][]float64 // one for each round
	machine string                      // processor, operating system and architecture
}

// A benchmarkUnit is one of the columns that a benchmark prints.
type benchmarkUnit struct {
	benchmark string // its name, without "Benchmark" and GOMAXPROCS
	unit      string // one of units
}

// The names that benchfmt gives to ns/op, allocs/op and the metric of BenchmarkOpenStreams.
const (
	seconds     = "sec/op"
	allocations = "allocs/op"
	memory      = "B/stream"
)

var units = []string{seconds, allocations, memory}

// module has the benchmarks. Its go.mod decides which versions they compare with.
var module = filepath.Join("internal", "conformance")

func measure(root string, rounds int, benchtime time.Duration) (*measurements, error) {
	directory, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(directory) }()
	program := filepath.Join(directory, "benchmarks.exe") // Windows requires the suffix.
	compile := exec.Command("go", "test", "-c", "-o", program, "./benchmarks")
	compile.Dir, compile.Stderr = filepath.Join(root, module), os.Stderr
	if err := compile.Run(); err != nil {
		return nil, fmt.Errorf("compiling the benchmarks in %s: %w", compile.Dir, err)
	}
	m := &measurements{values: map[benchmarkUnit][]float64{}}
	start := time.Now()
	for done := 0; done < rounds; done += roundsPerProcess {
		fmt.Fprintf(os.Stderr, "%v: %d of %d rounds\n", time.Since(start).Round(time.Second), done, rounds)
		if err := m.run(program, min(roundsPerProcess, rounds-done), benchtime); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// roundsPerProcess limits how many rounds are measured with the same memory layout,
// which influences times and differs between processes.
const roundsPerProcess = 5

// run measures a number of rounds in a process, after one that warms up.
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

// read adds the values of all rounds except the first.
func (m *measurements) read(output io.Reader, program string) error {
	read := map[benchmarkUnit][]float64{}
	reader := benchfmt.NewReader(output, program)
	for reader.Scan() {
		if result, ok := reader.Result().(*benchfmt.Result); ok {
			m.add(result, read)
		}
	}
	for key, values := range read {
		m.values[key] = append(m.values[key], values[1:]...)
	}
	return reader.Err()
}

func (m *measurements) add(result *benchfmt.Result, read map[benchmarkUnit][]float64) {
	m.machine = fmt.Sprintf("%s, %s/%s", result.GetConfig("cpu"), result.GetConfig("goos"), result.GetConfig("goarch"))
	name, parts := result.Name.Parts()
	benchmark := string(name)
	for _, part := range parts {
		if !strings.HasPrefix(string(part), "-") { // GOMAXPROCS
			part, _, _ := strings.Cut(string(part), "#") // the round
			benchmark += part
		}
	}
	for _, unit := range units {
		if value, ok := result.Value(unit); ok {
			key := benchmarkUnit{benchmark, unit}
			read[key] = append(read[key], value)
		}
	}
}
