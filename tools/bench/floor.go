package main

import (
	"fmt"
	"slices"
	"strings"
)

// floorTable tells how many times the time of the least possible RPC, a
// goroutine and two deep copies, one takes here and on the bare channel.
func floorTable(m *measurements) (string, error) {
	var b strings.Builder
	b.WriteString("| unary, empty chain | floor | here | bare inprocgrpc.Channel |\n|---|--:|--:|--:|\n")
	for _, size := range []string{"0", "1KiB", "64KiB", "1MiB"} {
		least, err := m.of(figure{"Unary/size=" + size + "/on=floor", seconds})
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %.1f µs |", size, slices.Min(least)*1e6)
		for _, on := range []string{"inprocchain", "inprocgrpc"} {
			ratios, err := m.ratios(cpu("Unary/size="+size+"/on="+on), cpu("Unary/size="+size+"/on=floor"))
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, " %.2f |", quantile(ratios, 0.5))
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}
