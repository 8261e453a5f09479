package main

import (
	"bytes"
	"fmt"
	"go/format"
	"go/token"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
	"golang.org/x/tools/go/analysis"
)

// rewrite applies the fixes, or shows them as a diff, and returns the reports that remain.
func (s source) rewrite(found findings, showDiff bool, stdout, stderr io.Writer) (remaining []report, err error) {
	for _, name := range slices.Sorted(maps.Keys(found.fixes)) {
		before, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		after, err := apply(found.fset, before, found.fixes[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if showDiff {
			stdout.Write(diff.Diff(name+" (old)", before, name+" (new)", after))
			continue
		}
		if err := os.WriteFile(name, after, 0o666); err != nil {
			return nil, err
		}
	}
	if showDiff || len(found.fixes) == 0 {
		return found.remaining(), nil
	}
	again, err := s.analyze()
	if err == nil && len(again.errors) <= len(found.errors) {
		return again.reports, nil
	}
	remaining = found.remaining()
	if len(remaining) > 0 {
		fmt.Fprintln(stderr, "migrate: the rewritten packages do not compile before you run go get github.com/inprocchain/inprocchain; "+
			"these reports remain, with line numbers from before the rewriting:")
	}
	return remaining, nil
}

// apply returns the text of a file with its edits. If the file was formatted, the result
// is. Otherwise the lines without an edit stay as they are.
func apply(fset *token.FileSet, before []byte, edits []analysis.TextEdit) ([]byte, error) {
	edits = slices.SortedStableFunc(slices.Values(edits), func(a, b analysis.TextEdit) int { return int(a.Pos - b.Pos) })
	var after []byte
	written := 0
	for _, e := range edits {
		file := fset.File(e.Pos)
		start, end := file.Offset(e.Pos), file.Offset(max(e.Pos, e.End)) // End may be invalid
		if start < written {
			return nil, fmt.Errorf("the edits overlap")
		}
		after = append(append(after, before[written:start]...), e.NewText...)
		written = end
	}
	after = append(after, before[written:]...)
	if formatted, err := format.Source(before); err != nil || !bytes.Equal(formatted, before) {
		return after, err
	}
	return format.Source(after)
}
