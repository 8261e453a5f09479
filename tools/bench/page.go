package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A page is what is written from the results.
type page struct {
	data      string   // the file with the results
	documents []string // which have measured parts
	images    string   // the directory of the plots
}

func pageIn(root string) page {
	docs := filepath.Join(root, "docs")
	return page{
		data:      filepath.Join(docs, "performance.json"),
		documents: []string{filepath.Join(docs, "performance.md"), filepath.Join(root, "README.md")},
		images:    filepath.Join(docs, "img"),
	}
}

// update writes the plots and the measured parts of the documents.
func (p page) update(r *results) error {
	texts, err := r.texts()
	if err != nil {
		return err
	}
	for _, document := range p.documents {
		if err := texts.insert(document); err != nil {
			return err
		}
	}
	return r.draw(p.images)
}

// draw draws the plots into a directory.
func (r *results) draw(directory string) error {
	if err := r.drawBars(filepath.Join(directory, "ratios.svg")); err != nil {
		return err
	}
	for _, s := range allSeries {
		d, err := r.series(s)
		if err != nil {
			return err
		}
		if err := d.draw(filepath.Join(directory, s.name+".svg")); err != nil {
			return err
		}
	}
	return nil
}

// Texts are the measured parts of the documents, by name.
type texts map[string]string

func (r *results) texts() (texts, error) {
	comparisons, err := r.comparisonTable()
	if err != nil {
		return nil, err
	}
	finding, err := r.comparisonFinding()
	if err != nil {
		return nil, err
	}
	allocations, err := r.allocationTable()
	if err != nil {
		return nil, err
	}
	memory, err := r.memoryTable()
	if err != nil {
		return nil, err
	}
	shared, err := r.sharedTable()
	if err != nil {
		return nil, err
	}
	t := texts{
		"conditions":  r.conditions(),
		"ratios":      comparisons + image(finding, "ratios"),
		"allocations": allocations,
		"memory":      memory,
		"shared":      shared,
	}
	for name, q := range map[string]quantity{"ratio to bare": ratioToBare, "ratio to bufconn": ratioToBufconn, "ratio to tcp": ratioToTCP} {
		f, err := r.of(q)
		if err != nil {
			return nil, err
		}
		t[name] = fmt.Sprintf("**%.2f** (%.2f to %.2f)", f.Median, f.Low, f.High)
	}
	for _, s := range allSeries {
		d, err := r.series(s)
		if err != nil {
			return nil, err
		}
		finding := s.finding(d)
		t[s.name] = finding + "\n\n" + d.table() + image(finding, s.name)
	}
	return t, nil
}

// image returns a plot in Markdown.
func image(finding, name string) string { return fmt.Sprintf("\n![%s](img/%s.svg)\n", finding, name) }

// print returns the texts for a terminal.
func (t texts) print() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if !strings.HasSuffix(t[name], "\n") {
			continue // It repeats a figure within a line.
		}
		for line := range strings.Lines(t[name]) {
			if !strings.HasPrefix(line, "![") {
				b.WriteString(line)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// insert replaces the measured parts of a document. Such a part is between the comments
// <!-- measured: name --> and <!-- end -->, which are on lines of their own unless
// the part is within a line.
func (t texts) insert(document string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	replaced, err := t.replace(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", document, err)
	}
	return os.WriteFile(document, []byte(replaced), 0o644)
}

func (t texts) replace(document string) (string, error) {
	const start, startEnd, end = "<!-- measured: ", " -->", "<!-- end -->"
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(document, start)
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, rest, _ := strings.Cut(rest, startEnd)
		text, ok := t[name]
		if !ok {
			return "", fmt.Errorf("nothing named %q is measured", name)
		}
		_, after, ok := strings.Cut(rest, end)
		if !ok {
			return "", fmt.Errorf("no comment %s follows %s%s%s", end, start, name, startEnd)
		}
		if strings.HasSuffix(text, "\n") {
			text = "\n" + text
		}
		b.WriteString(start + name + startEnd + text + end)
		document = after
	}
}
