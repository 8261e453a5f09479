package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBothConnectionsServeAndRecordSpans(t *testing.T) {
	output := outputOfMain(t)
	for text, want := range map[string]int{
		"*grpc.ClientConn: SERVING, error: <nil>\n":     1,
		"*inprocchain.Channel: SERVING, error: <nil>\n": 1,
		"logging.UnaryServerInterceptor":                1,
		"recovery.StreamServerInterceptor":              1,
		"client grpc.health.v1.Health/Check\n":          2,
		"server grpc.health.v1.Health/Check\n":          2,
	} {
		if got := strings.Count(output, text); got != want {
			t.Errorf("the output contains %q %d times, want %d", text, got, want)
		}
	}
	if t.Failed() {
		t.Log(output)
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
	if lines := strings.Count(string(program), "\n"); lines >= 70 {
		t.Errorf("the program has %d lines, want fewer than 70", lines)
	}
}
