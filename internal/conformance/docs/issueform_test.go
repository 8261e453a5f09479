package docs_test

import (
	"os"
	"strings"
	"testing"
)

// The program that the form for a bug begins with is a test of this repository, so it compiles
// and passes.
func TestProgramInTheIssueForm(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("bugreport/bugreport_test.go")
	if err != nil {
		t.Fatal(err)
	}
	form, err := os.ReadFile("../../../.github/ISSUE_TEMPLATE/bug.yml")
	if err != nil {
		t.Fatal(err)
	}
	const indentation = "        "
	program := indentation + strings.ReplaceAll(strings.TrimSpace(string(want)), "\n", "\n"+indentation)
	program = strings.ReplaceAll(program, indentation+"\n", "\n")
	if !strings.Contains(string(form), "value: |\n"+program+"\n") {
		t.Errorf("bug.yml does not contain bugreport_test.go, indented by 8 spaces, as a value:\n%s", program)
	}
}
