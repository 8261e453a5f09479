package names_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/inprocchain/inprocchain/internal/names"
)

type server struct{}

func (*server) pointer() {}
func (server) value()    {}

func generic[T any]() {}

//go:noinline
func closure() func() { n := 0; return func() { n++ } }

func TestFunctionIsNamedAsItsUsersWriteIt(t *testing.T) {
	t.Parallel()
	handler := http.StripPrefix("/", http.NotFoundHandler()).(http.HandlerFunc)
	for want, f := range map[string]any{
		"names_test.closure":           closure(),
		"names_test.generic":           generic[int],
		"names_test.(*server).pointer": (&server{}).pointer,
		"names_test.server.value":      server{}.value,
		"names.Function":               names.Function,
		"http.NotFound":                http.NotFound,
		"http.StripPrefix":             handler,
		"slices.Values":                slices.Values([]int{}), // inlined here
	} {
		if got := names.Function(f); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
