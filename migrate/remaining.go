package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"
)

// remainingFile is the environment variable with the name of the file to which the
// process that rewrites writes the remaining reports.
const remainingFile = "INPROCCHAIN_MIGRATE_REMAINING"

// A report is a diagnostic as the driver prints it.
type report struct {
	At   token.Position
	Text string
}

// recording returns the analyzer a, which also appends its reports that have no
// fix to a file.
func recording(a *analysis.Analyzer, file string) *analysis.Analyzer {
	var mu sync.Mutex // packages are analyzed concurrently
	recording := *a
	recording.Run = func(pass *analysis.Pass) (any, error) {
		var remaining []report
		recorded := *pass
		recorded.Report = func(d analysis.Diagnostic) {
			if len(d.SuggestedFixes) == 0 {
				remaining = append(remaining, newReport(pass.Fset, d))
			}
			pass.Report(d)
		}
		result, err := a.Run(&recorded)
		mu.Lock()
		defer mu.Unlock()
		return result, errors.Join(err, appendReports(file, remaining))
	}
	return &recording
}

func newReport(fset *token.FileSet, d analysis.Diagnostic) report {
	at := fset.Position(d.Pos)
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s\n", at, d.Message)
	for _, r := range d.Related {
		fmt.Fprintf(&text, "%s: \t%s\n", fset.Position(r.Pos), r.Message)
	}
	return report{at, text.String()}
}

func appendReports(name string, reports []report) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, r := range reports {
		if err := json.NewEncoder(f).Encode(r); err != nil {
			return err
		}
	}
	return f.Close()
}

// readReports returns the reports in a file in source order, without duplicates: a
// package and its test variant have the same reports. There is no file if no package was
// analyzed.
func readReports(name string) (reports []report, err error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	seen := make(map[string]bool)
	for decoder := json.NewDecoder(f); decoder.More(); {
		var r report
		if err := decoder.Decode(&r); err != nil {
			return nil, err
		}
		if !seen[r.Text] {
			seen[r.Text] = true
			reports = append(reports, r)
		}
	}
	slices.SortStableFunc(reports, func(a, b report) int {
		return cmp.Or(strings.Compare(a.At.Filename, b.At.Filename), a.At.Offset-b.At.Offset)
	})
	return reports, nil
}
