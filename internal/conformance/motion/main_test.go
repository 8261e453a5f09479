package motion_test

import (
	"flag"
	"testing"
)

func TestMain(m *testing.M) {
	// Most of these tests wait for a deadline or for another process, so more of them can run
	// than there are processors.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	m.Run()
}
