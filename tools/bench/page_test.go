package main

import (
	"encoding/xml"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The figures in the documents and the plots are those of docs/performance.json.
func TestDocumentsAreUpToDate(t *testing.T) {
	p := pageIn(filepath.Join("..", ".."))
	r, err := load(p.data)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := r.texts()
	if err != nil {
		t.Fatal(err)
	}
	const advice = "run go run -C tools ./bench -render"
	for _, document := range p.documents {
		text := readFile(t, document)
		if replaced, err := texts.replace(text); err != nil || replaced != text {
			t.Errorf("%s has other figures than %s (error %v); %s", document, p.data, err, advice)
		}
	}
	drawn := t.TempDir()
	if err := r.draw(drawn); err != nil {
		t.Fatal(err)
	}
	for _, file := range svgFiles(t, drawn) {
		if !sameButForRounding(readFile(t, filepath.Join(drawn, file)), readFile(t, filepath.Join(p.images, file))) {
			t.Errorf("%s has other figures than %s; %s", file, p.data, advice)
		}
	}
	page := readFile(t, p.documents[0])
	for name := range texts {
		if strings.HasSuffix(texts[name], "\n") && !strings.Contains(page, "<!-- measured: "+name+" -->") {
			t.Errorf("%s has no part %q", p.documents[0], name)
		}
	}
}

// sameButForRounding compares texts with numbers. Processors round differently.
func sameButForRounding(a, b string) bool {
	number := regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)
	if number.ReplaceAllString(a, "0") != number.ReplaceAllString(b, "0") {
		return false
	}
	ofB := number.FindAllString(b, -1)
	for i, text := range number.FindAllString(a, -1) {
		x, _ := strconv.ParseFloat(text, 64)
		y, _ := strconv.ParseFloat(ofB[i], 64)
		if math.Abs(x-y) > 0.02 {
			return false
		}
	}
	return true
}

// A figure of the page depends on one entry of docs/performance.json, wherever it is.
func TestTablesAgree(t *testing.T) {
	r := anyResults()
	r.Figures[ratioToBare.String()] = figure{Median: 0.12, Low: 0.11, High: 0.13}
	texts, err := r.texts()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ratios":        "| 1 KiB | the bare `inprocgrpc.Channel` | **0.12** | 0.11 to 0.13 |",
		"sizes":         "| 0.12 (0.11 to 0.13) |",
		"ratio to bare": "**0.12** (0.11 to 0.13)",
	} {
		if !strings.Contains(texts[name], want) {
			t.Errorf("the part %q does not have %q:\n%s", name, want, texts[name])
		}
	}
}

// Times in a plot, divided by each other, are the ratios in the table.
func TestPlotsAgreeWithTables(t *testing.T) {
	for _, s := range allSeries {
		d, err := anyResults().series(s)
		if err != nil {
			t.Fatal(err)
		}
		for other := range s.others {
			for i, time := range d.timesOf(other) {
				got := d.times()[i] / time
				if want := d.ratios[i][other].Median; got < want*0.999 || got > want*1.001 {
					t.Errorf("%s at %s: the plot has the ratio %v, the table %v", s.name, s.points[i].name, got, want)
				}
			}
		}
	}
}

// The plots are legible at 400 pixels, and say what they show.
func TestPlots(t *testing.T) {
	directory := t.TempDir()
	if err := anyResults().draw(directory); err != nil {
		t.Fatal(err)
	}
	fontSizes := regexp.MustCompile(`font-size:([0-9.]+)px`)
	for _, file := range svgFiles(t, directory) {
		svg := readFile(t, filepath.Join(directory, file))
		for _, want := range []string{`viewBox="0 0 400 `, "<title ", "<desc ", "prefers-color-scheme: dark"} {
			if !strings.Contains(svg, want) {
				t.Errorf("%s does not contain %s", file, want)
			}
		}
		for _, match := range fontSizes.FindAllStringSubmatch(svg, -1) {
			if size, err := strconv.ParseFloat(match[1], 64); err != nil || size < 12 {
				t.Errorf("%s has a text with %s (error %v), want at least 12px", file, match[0], err)
			}
		}
		decoder := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s is not well formed: %v", file, err)
			}
		}
	}
}

func TestReplace(t *testing.T) {
	const before = "A\n<!-- measured: x -->\nold\n<!-- end -->\nB <!-- measured: y -->old<!-- end --> C\n"
	got, err := texts{"x": "new\n", "y": "more"}.replace(before)
	const want = "A\n<!-- measured: x -->\nnew\n<!-- end -->\nB <!-- measured: y -->more<!-- end --> C\n"
	if err != nil || got != want {
		t.Errorf("got %q and the error %v, want %q", got, err, want)
	}
	for _, wrong := range []string{
		"<!-- measured: z --><!-- end -->", // which is not measured
		"<!-- measured: x -->",             // without an end
	} {
		if _, err := (texts{"x": "new\n"}).replace(wrong); err == nil {
			t.Errorf("%q can be replaced", wrong)
		}
	}
}

// anyResults has a different figure for each quantity.
func anyResults() *results {
	r := &results{Rounds: []int{1}, Figures: map[string]figure{}}
	for i, q := range quantities() {
		scale := 1.0
		if q.divisor == (cost{}) && q.unit == seconds {
			scale = 1e-6
		}
		median := scale * (1 + float64(i)/100)
		r.Figures[q.String()] = figure{Median: median, Low: median * 0.9, High: median * 1.1}
	}
	return r
}

func svgFiles(t *testing.T, directory string) []string {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, entry := range entries {
		files = append(files, entry.Name())
	}
	if want := 1 + len(allSeries); len(files) != want {
		t.Errorf("there are %d plots, want %d", len(files), want)
	}
	return files
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
