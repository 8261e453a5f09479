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

// checkFile builds the block as if it were a package of a module of the
// repository, of the first in which it builds.
func (t *tree) checkFile(b block) string {
	text := strings.Join(b.lines, "\n")
	if !strings.Contains("\n"+text, "\npackage ") {
		text = "package block\n" + text
	}
	name, build := "block.go", []string{"build", "-o", os.DevNull}
	if strings.Contains(text, "*testing.") {
		name, build = "block_test.go", []string{"test", "-c", "-vet=off", "-o", os.DevNull}
	}
	complaints := ""
	for _, module := range t.modules {
		complaint, err := compile(module, name, text, build)
		if err != nil {
			return err.Error()
		}
		if complaint == "" {
			return ""
		}
		complaints += "\n" + complaint
	}
	return "the file compiles in no module of the repository:" + complaints
}

// compile has go build the file as if it lay in the module, without putting it
// there. It returns what go has to say against it.
func compile(module, name, text string, build []string) (complaint string, err error) {
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
