// Mutants checks that the tests notice mistakes in the core of the library. The edits in the
// files edits_*.go, one for each file of the library, are such mistakes. It runs the tests
// once for each of them, and lists those with which all tests pass.
//
// It compiles the tests once, with all edits: each function that an edit changes is there a
// second time, with the edit, and an environment variable chooses between them. No file of
// the repository changes, since the go command gets the edited files with its flag -overlay.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

func main() {
	root := flag.String("root", "..", "the `directory` of the repository")
	only := flag.String("only", "", "make only edits whose file and purpose match this `regexp`")
	flag.Parse()
	chosen, err := regexp.Compile(*only)
	exitOn(err)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	unexpected, err := run(ctx, *root, chosen)
	exitOn(err)
	if unexpected > 0 {
		os.Exit(1)
	}
}

// exitOn ends the program if the run itself has failed.
func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
}

// run makes the chosen edits, one after the other. It returns the number of those that the
// tests should notice and do not, or notice although nobody can.
func run(ctx context.Context, root string, chosen *regexp.Regexp) (unexpected int, err error) {
	root, err = filepath.Abs(root)
	if err != nil {
		return 0, err
	}
	directory, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(directory)
	overlay, err := writeOverlay(root, directory, edits())
	if err != nil {
		return 0, err
	}
	var total result
	for _, race := range []bool{false, true} {
		all := suite{root, directory, race, map[string]string{}}
		result, err := all.runEdits(ctx, overlay, chosen)
		if err != nil {
			return 0, err
		}
		total.add(result)
	}
	if total.count == 0 {
		return 0, errors.New("no edit was chosen")
	}
	fmt.Printf("mutants: %d edits: the tests notice %d of them; %d results are not expected\n", total.count, total.noticed, total.unexpected)
	return total.unexpected, nil
}

// A result counts edits.
type result struct{ count, noticed, unexpected int }

func (r *result) add(other result) {
	r.count += other.count
	r.noticed += other.noticed
	r.unexpected += other.unexpected
}

// runEdits makes those of the chosen edits that s is for.
func (s suite) runEdits(ctx context.Context, overlay string, chosen *regexp.Regexp) (r result, err error) {
	for i, e := range edits() {
		if e.race != s.race || !chosen.MatchString(e.String()) {
			continue
		}
		if r.count == 0 {
			if err := s.prepare(ctx, overlay); err != nil {
				return r, err
			}
		}
		start := time.Now()
		by := s.notice(ctx, i+1, e.by)
		if err := ctx.Err(); err != nil {
			return r, err
		}
		r.add(e.report(by, time.Since(start)))
	}
	return r, nil
}

// report prints and counts whether a test has noticed the edit.
func (e edit) report(by string, took time.Duration) result {
	r := result{count: 1}
	text := "SURVIVED"
	if by != "" {
		r.noticed = 1
		text = "killed by " + by
	}
	if (by == "") != (e.same != "") {
		r.unexpected = 1
		text += ", which is not expected"
	}
	fmt.Printf("%v: %s (%.1f s)\n", e, text, took.Seconds())
	return r
}
