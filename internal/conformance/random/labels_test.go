//go:build !race

package random_test

import (
	"runtime/pprof"
	"strings"
)

// hasLabels reports whether the goroutine that calls it has the profiler labels of the callers. A
// goroutine profile has a block of lines for the goroutines with the same stack and labels.
func hasLabels() bool {
	var profile strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1)
	for block := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(block, "random_test.hasLabels") && strings.Contains(block, `"caller":"labeled"`) {
			return true
		}
	}
	return false
}
