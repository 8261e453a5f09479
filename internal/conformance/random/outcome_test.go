//go:build !race

package random_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// An outcome has what each observer has seen in one run.
type outcome map[string]string

// String returns the outcome by observer.
func (o outcome) String() string {
	var b strings.Builder
	for _, observer := range slices.Sorted(maps.Keys(o)) {
		fmt.Fprintf(&b, "    %s: %s\n", observer, o[observer])
	}
	return b.String()
}

// A recorder collects what the observers of a run see.
type recorder struct {
	mu   sync.Mutex
	seen map[string][]string
}

func (r *recorder) record(observer, seen string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string][]string{}
	}
	r.seen[observer] = append(r.seen[observer], seen)
}

func (r *recorder) outcome() outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := outcome{}
	for observer, seen := range r.seen {
		o[observer] = strings.Join(seen, "; ")
	}
	return o
}

// A histogram counts outcomes by observer.
type histogram struct {
	runs   int
	counts map[string]map[string]int
}

func (h *histogram) add(o outcome) {
	h.runs++
	if h.counts == nil {
		h.counts = map[string]map[string]int{}
	}
	for observer, seen := range o {
		if h.counts[observer] == nil {
			h.counts[observer] = map[string]int{}
		}
		h.counts[observer][seen]++
	}
}

// share returns in which share of the runs an observer has seen this. An observer that does not
// occur has seen nothing.
func (h *histogram) share(observer, seen string) float64 {
	if h.runs == 0 {
		return 0
	}
	if seen == "" {
		total := h.runs
		for _, n := range h.counts[observer] {
			total -= n
		}
		return float64(total) / float64(h.runs)
	}
	return float64(h.counts[observer][seen]) / float64(h.runs)
}

// all calls f for what each observer of h or of other has seen in h.
func (h *histogram) all(other *histogram, f func(observer, seen string)) {
	observers := map[string]bool{}
	for observer := range h.counts {
		observers[observer] = true
	}
	for observer := range other.counts {
		observers[observer] = true
	}
	for _, observer := range slices.Sorted(maps.Keys(observers)) {
		f(observer, "")
		for _, seen := range slices.Sorted(maps.Keys(h.counts[observer])) {
			f(observer, seen)
		}
	}
}

// errorText describes an error.
func errorText(err error) string {
	switch {
	case err == nil:
		return "nil"
	case err == io.EOF:
		return "EOF"
	}
	st, ok := status.FromError(err)
	if !ok {
		return fmt.Sprintf("%T %v", err, err)
	}
	message, _, _ := strings.Cut(st.Message(), "from the context ") // The rest is the printed context.
	message, _, _ = strings.Cut(message, " while waiting for connections")
	switch {
	case st.Code() == codes.Unavailable:
		message = unavailable(message)
	case st.Code() == codes.DeadlineExceeded && strings.HasPrefix(message, "stream terminated by RST_STREAM"):
		message = context.DeadlineExceeded.Error() // A network has both.
	}
	return fmt.Sprintf("%v(%.100q)", st.Code(), message)
}

// unavailable returns the text of an error after a server has been stopped. A network has
// several.
func unavailable(message string) string {
	for _, text := range []string{"connection error: ", "closing transport due to: ", "error reading from server", "inprocchain: the channel is shut down", "transport is closing", "the connection is draining"} {
		if strings.HasPrefix(message, text) {
			return "stopped"
		}
	}
	return message
}

// mdText describes the metadata that a program has set.
func mdText(md metadata.MD) string {
	var pairs []string
	for key, values := range md {
		switch key {
		case ":authority", "content-type", "user-agent", "grpc-accept-encoding", "call":
		default:
			pairs = append(pairs, fmt.Sprintf("%s=%q", key, values))
		}
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, " ") + "}"
}
