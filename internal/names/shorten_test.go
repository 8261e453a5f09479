package names

import (
	"maps"
	"testing"
)

func TestShortenUsesAsFewElementsAsPossible(t *testing.T) {
	t.Parallel()
	for _, want := range []map[string]string{
		{"main": "main", "github.com/a/audit": "audit", "github.com/a/log/v2": "log"},
		{"slices": "slices", "golang.org/x/exp/slices": "exp/slices"},
		{"github.com/a/audit": "a/audit", "github.com/b/audit": "b/audit", "github.com/b/log": "log"},
		{"github.com/a/audit": "github.com/a/audit", "gitlab.com/a/audit": "gitlab.com/a/audit"},
		{"github.com/a/audit": "a/audit", "github.com/a/audit/v2": "audit/v2"},
		{"github.com/a/audit/v3": "audit/v3", "github.com/a/audit/v2": "audit/v2"},
	} {
		var all []Name
		for path := range want {
			all = append(all, Name{path: path})
		}
		if got := shorten(all); !maps.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
