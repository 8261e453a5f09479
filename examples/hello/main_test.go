package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBothConnectionsRunTheInterceptor(t *testing.T) {
	const want = `audit: /grpc.health.v1.Health/Check <nil>
*grpc.ClientConn: SERVING, <nil>
audit: /grpc.health.v1.Health/Check <nil>
*inprocchain.Channel: SERVING, <nil>
`
	if got := outputOfMain(t); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// outputOfMain runs main and returns what it prints on standard output.
func outputOfMain(t *testing.T) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	main()
	output, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(output)
}

func TestREADMEContainsTheWholeProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```go\n"+string(program)+"```\n") {
		t.Error("README.md has no Go block with the text of examples/hello/main.go")
	}
	if lines := strings.Count(string(program), "\n"); lines > 40 {
		t.Errorf("the program has %d lines, want at most 40", lines)
	}
}
