package names_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/names"
	inprocess "github.com/inprocchain/inprocchain/internal/names/testdata/inprocess/audit"
	network "github.com/inprocchain/inprocchain/internal/names/testdata/network/audit"
)

type server struct{}

func (*server) pointer() {}
func (server) value()    {}

func generic[T any]() {}

//go:noinline
func closure() func() { n := 0; return func() { n++ } }

//go:noinline
func (*server) closure() func() { n := 0; return func() { n++ } }

func TestFunctionsAreNamedAsUsersWriteThem(t *testing.T) {
	t.Parallel()
	handler := http.StripPrefix("/", http.NotFoundHandler()).(http.HandlerFunc)
	for want, f := range map[string]any{
		"names_test.closure":           closure(),
		"names_test.(*server).closure": (&server{}).closure(),
		"names_test.generic":           generic[int],
		"names_test.(*server).pointer": (&server{}).pointer,
		"names_test.server.value":      server{}.value,
		"names.List":                   names.List,
		"http.NotFound":                http.NotFound,
		"http.StripPrefix":             handler,
		"slices.Values":                slices.Values([]int{}), // inlined here
		"audit.Unary":                  network.Unary(),
		"audit.Inlined":                network.Inlined(),
	} {
		got := names.List(names.Side{Unary: names.Functions([]any{f})})
		if fields := strings.Fields(got); len(fields) != 5 || fields[3] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPackagesWithTheSameLastElementGetDifferentNames(t *testing.T) {
	t.Parallel()
	got := names.List(names.Side{
		Title:  "server",
		Unary:  names.Functions([]grpc.UnaryServerInterceptor{network.Unary(), inprocess.Unary()}),
		Stream: names.Functions([]grpc.UnaryServerInterceptor{network.Inlined(), inprocess.Inlined()}),
		StatsHandlers: names.Types([]stats.Handler{
			network.Handler{}, &inprocess.Handler{},
			struct{ stats.Handler }{},
		}),
	})
	want := strings.TrimPrefix(`
server   unary                         stream
  1      network/audit.Unary           network/audit.Inlined
  2      inprocess/audit.Unary         inprocess/audit.Inlined
  stats  network/audit.Handler         network/audit.Handler
  stats  *inprocess/audit.Handler      *inprocess/audit.Handler
  stats  struct { stats.Handler }      struct { stats.Handler }
`, "\n")
	if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestInlinedFunctionsHaveTheNameOfTheirPackage(t *testing.T) {
	t.Parallel()
	got := names.List(names.Side{Unary: names.Functions([]grpc.UnaryServerInterceptor{network.Unary(), network.Inlined()})})
	for _, want := range []string{" audit.Unary", " audit.Inlined"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant it to contain %q", got, want)
		}
	}
}
