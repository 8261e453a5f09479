package middleware_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No test leaks a goroutine.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
