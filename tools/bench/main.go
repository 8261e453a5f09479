// Bench measures what an in-process RPC costs here and elsewhere, prints the
// comparison, and writes it into docs/performance.md, with plots.
//
// It runs many short rounds of the benchmarks in internal/conformance/benchmarks, in
// which the sides of a comparison run in turn. Of their ratios it takes the median: whatever else the
// machine does disturbs both.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	root := flag.String("root", "..", "directory of the repository")
	rounds := flag.Int("rounds", 35, "how often to measure, at least 9")
	benchtime := flag.Duration("benchtime", 40*time.Millisecond, "how long to measure each benchmark in a round")
	flag.Parse()
	if err := run(*root, *rounds, *benchtime); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(root string, rounds int, benchtime time.Duration) error {
	if rounds < 9 {
		return fmt.Errorf("%d rounds are too few for a median, use at least 9", rounds)
	}
	measured, err := measure(root, rounds, benchtime)
	if err != nil {
		return err
	}
	where, err := conditions(root, measured)
	if err != nil {
		return err
	}
	compared, err := compare(measured)
	if err != nil {
		return err
	}
	grown, err := growth(measured)
	if err != nil {
		return err
	}
	floor, err := floorTable(measured)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n%s\n%s\n%s", where, table(compared), floor, growthTable(grown))
	images := filepath.Join(root, "docs", "img")
	if err := os.MkdirAll(images, 0o755); err != nil {
		return err
	}
	if err := drawBars(filepath.Join(images, "ratios.svg"), compared); err != nil {
		return err
	}
	for _, g := range grown {
		if err := drawLines(filepath.Join(images, g.file), g); err != nil {
			return err
		}
	}
	return update(filepath.Join(root, "docs", "performance.md"), map[string]string{
		"conditions": where,
		"ratios":     table(compared),
		"floor":      floor,
		"growth":     growthTable(grown),
	})
}
