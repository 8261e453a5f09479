package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// The results are the figures of one run, or the worse ones of several runs.
type results struct {
	Machine  string            `json:"machine"`
	Versions string            `json:"versions"`
	Date     string            `json:"date"`
	Rounds   []int             `json:"rounds"` // of each run
	Figures  map[string]figure `json:"figures"`
}

// A figure is a median of the rounds of a run. Half of the rounds lie between the
// quartiles Low and High.
type figure struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// results returns the figures of all quantities that the page or a goal is about.
func (m *measurements) results(root string, rounds int) (*results, error) {
	versions, err := versions(root)
	if err != nil {
		return nil, err
	}
	r := &results{
		Machine:  fmt.Sprintf("%s, %d cores", m.machine, runtime.NumCPU()),
		Versions: versions,
		Date:     time.Now().UTC().Format("2 January 2006"),
		Rounds:   []int{rounds},
		Figures:  map[string]figure{},
	}
	for _, q := range quantities() {
		if r.Figures[q.String()], err = m.figure(q); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// quantities returns all quantities that the page or a goal is about.
func quantities() []quantity {
	var all []quantity
	for _, c := range comparisons {
		all = append(all, c.quantity)
	}
	for _, a := range allocationCounts {
		all = append(all, a.onChannel(), a.onBare())
	}
	all = append(all, quantity{cost: memoryOn("inprocchain")}, quantity{cost: memoryOn("bufconn")})
	for _, s := range allSeries {
		all = append(all, s.quantities()...)
	}
	for _, s := range sharedMessages {
		all = append(all, s.quantities()...)
	}
	for _, g := range goals {
		all = append(all, g.quantity)
	}
	return all
}

// versions names the versions of Go and of what a Channel is compared with.
func versions(root string) (string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}",
		"google.golang.org/grpc",
		"github.com/fullstorydev/grpchan",
		"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
		"connectrpc.com/connect/v2",
	)
	list.Dir = filepath.Join(root, module)
	output, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("listing the versions: %w", err)
	}
	versions := []string{strings.Replace(runtime.Version(), "go", "Go ", 1)}
	for module := range strings.Lines(string(output)) {
		path, version, _ := strings.Cut(strings.TrimSpace(module), " ")
		path = strings.TrimSuffix(path, "/v2")
		versions = append(versions, path[strings.LastIndex(path, "/")+1:]+" "+version)
	}
	return strings.Join(versions, ", "), nil
}

// worse returns, of each figure, the one of r or last with the larger median.
func (r *results) worse(last *results) (*results, error) {
	if r.Machine != last.Machine || r.Versions != last.Versions {
		return nil, fmt.Errorf("the last run was on %s with %s, and this one on %s with %s; measure both under the same conditions, beginning without -again",
			last.Machine, last.Versions, r.Machine, r.Versions)
	}
	worse := *r
	worse.Rounds = append(append([]int{}, last.Rounds...), r.Rounds...)
	worse.Figures = map[string]figure{}
	for name, figure := range r.Figures {
		if old, ok := last.Figures[name]; ok && old.Median > figure.Median {
			figure = old
		}
		worse.Figures[name] = figure
	}
	return &worse, nil
}

// of returns the figure of a quantity.
func (r *results) of(q quantity) (figure, error) {
	f, ok := r.Figures[q.String()]
	if !ok {
		return figure{}, fmt.Errorf("there is no figure for %v; run make bench", q)
	}
	return f, nil
}

// conditions says how the figures were measured.
func (r *results) conditions() string {
	var each []string
	for _, n := range r.Rounds {
		each = append(each, fmt.Sprint(n))
	}
	rounds := strings.Join(each, " and ") + " rounds"
	if len(each) > 1 {
		rounds = fmt.Sprintf("for each figure the worse of %d runs, with %s", len(each), rounds)
	}
	return fmt.Sprintf("%s; %s; %s; %s.\n", r.Machine, r.Versions, rounds, r.Date)
}

func (r *results) save(file string) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

func load(file string) (*results, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(results)
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	if len(r.Rounds) == 0 {
		return nil, fmt.Errorf("%s has no runs; write it with make bench", file)
	}
	return r, nil
}
