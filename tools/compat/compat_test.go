package compat

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An application that imports the library and chaintest keeps the versions that
// its go.mod requires.
func TestImportingTheLibraryUpgradesNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds an application")
	}
	consumer := t.TempDir()
	if err := os.CopyFS(consumer, os.DirFS(filepath.Join("testdata", "consumer"))); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	before := requirements(t, consumer)
	goCommand(t, consumer, "mod", "edit", "-replace", library+"="+root)
	goCommand(t, consumer, "mod", "tidy")
	after := requirements(t, consumer)
	for path, version := range before {
		if after[path] != version {
			t.Errorf("go mod tidy changed %s from %s to %q", path, version, after[path])
		}
	}
	goCommand(t, consumer, "test", "./...")
}

const library = "github.com/inprocchain/inprocchain"

// requirements returns the versions of the direct requirements by module path.
func requirements(t *testing.T, directory string) map[string]string {
	t.Helper()
	var mod struct {
		Require []struct {
			Path, Version string
			Indirect      bool
		}
	}
	if err := json.Unmarshal(goCommand(t, directory, "mod", "edit", "-json"), &mod); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, require := range mod.Require {
		if !require.Indirect {
			versions[require.Path] = require.Version
		}
	}
	return versions
}

// goCommand runs the go command in the directory, and returns what it prints.
func goCommand(t *testing.T, directory string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir, cmd.Env = directory, append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	output, err := cmd.Output()
	if err != nil {
		message := output
		if exit, ok := err.(*exec.ExitError); ok {
			message = append(message, exit.Stderr...)
		}
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, message)
	}
	return output
}
