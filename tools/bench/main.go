// Bench measures what an in-process RPC costs on a Channel and on other connections. It
// prints the comparison and, with -goals, whether the project's goals are met. With -write, it keeps
// the figures in docs/performance.json, and writes the tables and plots of
// docs/performance.md and the ratios in README.md from that file.
//
// It runs the benchmarks of internal/conformance/benchmarks in many short rounds. Within
// a round, the sides of a comparison run in turn, and only ratios of the same round are
// compared: other work on the machine then slows down both sides. A figure is the median
// of the rounds, with the quartiles.
//
// benchstat compares files of results, in which one side has run after the other, so what
// else the machine does changes their ratio. The results are read with the package that
// benchstat uses, golang.org/x/perf/benchfmt.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	var c command
	flag.StringVar(&c.root, "root", "..", "`directory` of the repository")
	flag.IntVar(&c.rounds, "rounds", 35, "`number` of rounds")
	flag.DurationVar(&c.benchtime, "benchtime", 40*time.Millisecond, "`time` for each benchmark in a round")
	flag.BoolVar(&c.write, "write", false, "write the figures, the page and its plots, instead of only printing the figures")
	flag.BoolVar(&c.again, "again", false, "with -write: for each figure, keep the worse of this run and docs/performance.json")
	flag.BoolVar(&c.goals, "goals", false, "also print whether the project's goals are met")
	flag.BoolVar(&c.render, "render", false, "write the page and its plots from docs/performance.json without measuring")
	flag.Parse()
	if err := c.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A command is what the flags say.
type command struct {
	root                 string
	rounds               int
	benchtime            time.Duration
	write, again, render bool
	goals                bool
}

func (c command) run() error {
	switch {
	case c.rounds < 1:
		return fmt.Errorf("-rounds is %d, and must be at least 1", c.rounds)
	case c.again && !c.write:
		return errors.New("-again needs -write, since it is about docs/performance.json")
	case c.render && c.write:
		return errors.New("-render and -write exclude each other: -render does not measure")
	}
	p := pageIn(c.root)
	r, err := c.results(p)
	if err != nil {
		return err
	}
	texts, err := r.texts()
	if err != nil {
		return err
	}
	fmt.Printf("\n%s", texts.print())
	if c.goals {
		goals, err := r.checkGoals()
		if err != nil {
			return err
		}
		fmt.Printf("\n%s", goals)
	}
	if c.write {
		if err := r.save(p.data); err != nil {
			return err
		}
	}
	if c.write || c.render {
		return p.update(r)
	}
	return nil
}

// results measures, unless the results are to be rendered only.
func (c command) results(p page) (*results, error) {
	if c.render {
		return load(p.data)
	}
	var last *results
	if c.again { // Fail before measuring, which takes minutes.
		var err error
		if last, err = load(p.data); err != nil {
			return nil, err
		}
	}
	m, err := measure(c.root, c.rounds, c.benchtime)
	if err != nil {
		return nil, err
	}
	r, err := m.results(c.root, c.rounds)
	if err != nil || last == nil {
		return r, err
	}
	return r.worse(last)
}
