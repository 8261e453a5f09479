package main

import (
	"fmt"
	"strings"
)

// A sharedMessage is a row of the table of shared messages.
type sharedMessage struct {
	name      string
	benchmark string
	isAlone   bool // It is compared with copied messages only.
}

var sharedMessages = []sharedMessage{
	{"1 span", "Structured/n=1", false},
	{"10 spans", "Structured/n=10", false},
	{"100 spans (15 KB)", "Structured/n=100", false},
	{"1,000 spans", "Structured/n=1000", false},
	{"100 spans, 5 interceptors and otelgrpc on both sides", "StructuredOTel/n=100", true},
	{"empty", "Shared/size=0", false},
	{"1 KiB", "Shared/size=1KiB", false},
	{"64 KiB", "Shared/size=64KiB", false},
	{"1 MiB", "Shared/size=1MiB", false},
}

func (s sharedMessage) time() quantity { return quantity{cost: timeOf(s.benchmark + "/on=shared")} }

func (s sharedMessage) toCopied() quantity { return ratio(s.benchmark, "shared", onChannel) }

// others are the ratios to connections that do not share, and the part of the time between a
// copied message and a direct call that sharing saves.
func (s sharedMessage) others() []quantity {
	if s.isAlone {
		return nil
	}
	saved := cost{s.benchmark + "/on=" + onChannel, seconds, s.benchmark + "/on=shared", 1}
	gap := cost{s.benchmark + "/on=" + onChannel, seconds, s.benchmark + "/on=direct", 1}
	return []quantity{ratio(s.benchmark, "shared", "inprocgrpc"), ratio(s.benchmark, "shared", "connect"), {saved, gap}}
}

func (s sharedMessage) quantities() []quantity {
	return append([]quantity{s.time(), s.toCopied()}, s.others()...)
}

// sharedTable is the part of the page about shared messages.
func (r *results) sharedTable() (string, error) {
	var b strings.Builder
	b.WriteString("| request and response | time of shared messages, µs | ratio to copied | to the bare channel | to connect-go | part of the gap to a direct call |\n|---|--:|--:|--:|--:|--:|\n")
	for _, s := range sharedMessages {
		row, err := r.sharedRow(s)
		if err != nil {
			return "", err
		}
		b.WriteString(row)
	}
	return b.String(), nil
}

func (r *results) sharedRow(s sharedMessage) (string, error) {
	time, err := r.of(s.time())
	if err != nil {
		return "", err
	}
	cells := []string{s.name, fmt.Sprintf("%.1f (%.1f to %.1f)", time.Median*1e6, time.Low*1e6, time.High*1e6)}
	for _, q := range append([]quantity{s.toCopied()}, s.others()...) {
		f, err := r.of(q)
		if err != nil {
			return "", err
		}
		cells = append(cells, fmt.Sprintf("%.3f", f.Median))
	}
	for len(cells) < 6 {
		cells = append(cells, "")
	}
	return "| " + strings.Join(cells, " | ") + " |\n", nil
}
