//go:build race

package shared_test

import (
	"os"
	"strings"
	"testing"

	coltracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"github.com/inprocchain/inprocchain"
)

// docs/shared-messages.md shows what the check reports about the type collector.
func TestDocumentShowsTheReport(t *testing.T) {
	if os.Getenv(misuse) != "" {
		exporter, _ := connectPipeline(inprocchain.Chain{}, collector{})
		_, _ = coltracepb.NewTraceServiceClient(exporter).Export(t.Context(), spans("first", ""))
		return
	}
	t.Parallel()
	document, err := os.ReadFile("../../../docs/shared-messages.md")
	if err != nil {
		t.Fatal(err)
	}
	output, err := runMisuse(t)
	if err == nil {
		t.Fatalf("the program has not ended with a panic\n%s", output)
	}
	report, _, _ := strings.Cut(output[strings.Index(output, "panic: "):], "\n")
	text := strings.Join(strings.Fields(string(document)), " ")
	if !strings.Contains(text, report) {
		t.Errorf("the document does not have the line\n%s", report)
	}
}
