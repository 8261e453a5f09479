package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// conditions tells what the figures were measured with.
func conditions(root string, m *measurements) (string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}",
		"google.golang.org/grpc",
		"github.com/fullstorydev/grpchan",
		"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
	)
	list.Dir = filepath.Join(root, module)
	output, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("listing the versions: %w", err)
	}
	var versions []string
	for module := range strings.Lines(string(output)) {
		path, version, _ := strings.Cut(strings.TrimSpace(module), " ")
		versions = append(versions, path[strings.LastIndex(path, "/")+1:]+" "+version)
	}
	return fmt.Sprintf("%s, %d cores; %s, %s; %d rounds; %s.\n", m.machine, runtime.NumCPU(),
		strings.Replace(runtime.Version(), "go", "Go ", 1), strings.Join(versions, ", "),
		len(m.figures[comparisons[0].ours.figure]), time.Now().UTC().Format("2 January 2006")), nil
}
