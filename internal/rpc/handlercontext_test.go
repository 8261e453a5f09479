package rpc

import (
	"context"
	"strings"
	"testing"
)

// A version of a dependency that asks its contexts for no value is refused when the program starts.
func TestKeyOfPanicsWithoutAKey(t *testing.T) {
	t.Parallel()
	defer func() {
		if message, _ := recover().(string); !strings.HasPrefix(message, "inprocchain: ") || !strings.Contains(message, "pkg.FromContext") {
			t.Errorf("the panic is %q, which does not name the function", message)
		}
	}()
	keyOf("pkg.FromContext", func(context.Context) {})
}
