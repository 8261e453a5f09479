package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"

	"github.com/inprocchain/inprocchain/migrate/analyzer"
)

// findings is the result of an analysis.
type findings struct {
	reports []report                       // in source order
	fixes   map[string][]analysis.TextEdit // by file
	fset    *token.FileSet
	errors  []error // of the packages that do not compile
}

// A report is a diagnostic as it is printed.
type report struct {
	at    token.Position
	text  string
	fixed bool // by the fix of its file
}

// analyze loads the packages and runs the analyzer on them.
func (s source) analyze() (findings, error) {
	pkgs, errs, err := s.load()
	found := findings{fixes: make(map[string][]analysis.TextEdit), errors: errs}
	if err != nil || len(pkgs) == 0 {
		return found, err
	}
	found.fset = pkgs[0].Fset
	graph, err := checker.Analyze([]*analysis.Analyzer{analyzer.Analyzer}, pkgs, nil)
	if err != nil {
		return found, err
	}
	for _, root := range graph.Roots {
		err = errors.Join(err, root.Err)
		for _, d := range root.Diagnostics {
			found.add(d)
		}
	}
	slices.SortStableFunc(found.reports, func(a, b report) int {
		return cmp.Or(strings.Compare(a.at.Filename, b.at.Filename), a.at.Offset-b.at.Offset)
	})
	return found, err
}

func (f *findings) add(d analysis.Diagnostic) {
	r := report{at: f.fset.Position(d.Pos), fixed: len(d.SuggestedFixes) > 0}
	r.text = fmt.Sprintf("%s: %s\n", r.at, d.Message)
	for _, related := range d.Related {
		r.text += fmt.Sprintf("%s: \t%s\n", f.fset.Position(related.Pos), related.Message)
	}
	f.reports = append(f.reports, r)
	if r.fixed { // All diagnostics of a file have the same fix.
		f.fixes[r.at.Filename] = d.SuggestedFixes[0].TextEdits
	}
}

// remaining returns the reports without a fix.
func (f *findings) remaining() (reports []report) {
	for _, r := range f.reports {
		if !r.fixed {
			reports = append(reports, r)
		}
	}
	return reports
}
