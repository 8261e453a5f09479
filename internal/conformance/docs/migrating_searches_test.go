package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestSearchesForChanges checks that the grep commands of docs/migrating.md find code that
// depends on what changes in behavior, also where the command migrate does not.
func TestSearchesForChanges(t *testing.T) {
	document, err := os.ReadFile("../../../docs/migrating.md")
	if err != nil {
		t.Fatal(err)
	}
	var patterns []string
	for _, match := range regexp.MustCompile(`(?m)^grep -rnE '([^']+)'`).FindAllStringSubmatch(string(document), -1) {
		patterns = append(patterns, match[1])
	}
	search := regexp.MustCompile(strings.Join(patterns, "|"))
	for _, line := range []string{
		`md, ok := metadata.FromIncomingContext(ctx)`,
		`md, ok := metadata.FromOutgoingContext(ctx)`,
		`ctx = metadata.NewOutgoingContext(ctx, metadata.New(headers))`,
		`ctx = metadata.AppendToOutgoingContext(ctx, pairs...)`,
		`md := metadata.MD(r.Header)`,
		`runtime.WithIncomingHeaderMatcher(matcher)`,
		`if errors.Is(err, context.DeadlineExceeded) {`,
		`if errors.As(err, &notFound) {`,
		`p, ok := peer.FromContext(ctx)`,
		`caller := inprocgrpc.ClientContext(ctx)`,
		`server := grpc.NewServer(grpc.MaxRecvMsgSize(limit))`,
	} {
		if len(patterns) == 0 || !search.MatchString(line) {
			t.Errorf("no search finds %q", line)
		}
	}
}
