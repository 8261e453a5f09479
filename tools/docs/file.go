package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const directory = "block-of-a-document"

// checkFile checks that the block builds as a package of at least one module of the
// repository. It returns the problem, or "" if there is none.
func (t *tree) checkFile(b block) string {
	text := strings.Join(b.lines, "\n")
	if !strings.Contains("\n"+text, "\npackage ") {
		text = "package block\n" + text
	}
	name, build := "block.go", []string{"build", "-o", os.DevNull}
	if strings.Contains(text, "*testing.") {
		name, build = "block_test.go", []string{"test", "-c", "-vet=off", "-o", os.DevNull}
	}
	problems := ""
	for _, module := range t.modules {
		problem, err := compile(module, name, text, build)
		if err != nil {
			return err.Error()
		}
		if problem == "" {
			return ""
		}
		problems += "\n" + problem
	}
	return "the file compiles in no module of the repository:" + problems
}

// compile builds the file as if it were in the module, without writing it there. It
// returns the output of go if the build fails.
func compile(module, name, text string, build []string) (problem string, err error) {
	outside, err := os.MkdirTemp("", "docs")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(outside) }()
	written, overlay := filepath.Join(outside, name), filepath.Join(outside, "overlay.json")
	if err := os.WriteFile(written, []byte(text), 0o600); err != nil {
		return "", err
	}
	replace, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(module, directory, name): written},
	})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		return "", err
	}
	cmd := exec.Command("go", append(build, "-overlay", overlay, "./"+directory)...)
	cmd.Dir = module
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Sprintf("in %s: %v\n%s", module, err, output), nil
	}
	return "", nil
}
