package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gomodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const document = "# Title\n\nRun `go run example.com/lib/tool@latest`.\n\n" +
	"```sh\ngo get example.com/lib@latest\ngo run example.com/lib/tool@latest ./... # reports\ngo run -C examples ./flags\nmake test\n```\n\n" +
	"```text\ngo get example.com/lib\n```\n\n" +
	"```go\npackage main\n\nfunc main() {}\n```\n\n```go\nx := 1\n```\n"

func TestCommandsOfADocumentUseAPublishedVersion(t *testing.T) {
	want := []string{"go get example.com/lib@latest", "go run example.com/lib/tool@latest ./..."}
	if got := commandsOf(document, "example.com/lib"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgramsOfADocumentAreBlocksWithPackageMain(t *testing.T) {
	want := []string{"package main\n\nfunc main() {}\n"}
	if got := programsOf(document); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOnlyMigrateMayExitWith3(t *testing.T) {
	for _, test := range []struct {
		command, err string
		want         bool
	}{
		{"go run example.com/lib/migrate@latest ./...", "exit status 1\nexit status 3\n", true},
		{"go run example.com/lib/migrate@latest ./...", "exit status 1\nno such package\n", false},
		{"go run example.com/lib/tool@latest", "exit status 3", false},
	} {
		if got := migrateReported(test.command, errors.New(test.err)); got != test.want {
			t.Errorf("%s, %q: got %v, want %v", test.command, test.err, got, test.want)
		}
	}
}

func TestFileURLHasASlashBeforeADrive(t *testing.T) {
	for directory, want := range map[string]string{"/tmp/proxy": "file:///tmp/proxy", "C:/proxy": "file:///C:/proxy"} {
		if got := fileURL(directory); got != want {
			t.Errorf("%s: got %s, want %s", directory, got, want)
		}
	}
}

func TestModulesArePackedAsCommitted(t *testing.T) {
	root := t.TempDir()
	write(t, root, "go.mod", "module example.com/lib\n\ngo 1.25.0\n")
	write(t, root, "lib.go", "package lib\n")
	write(t, root, "tool/go.mod", "module example.com/lib/tool\n\ngo 1.25.0\n\nrequire example.com/lib v0.1.0\n")
	write(t, root, "tool/tool.go", "package tool\n")
	write(t, root, "testdata/other/go.mod", "module example.com/other\n")
	git(t, root, "init", "--quiet")
	git(t, root, "add", ".")
	git(t, root, "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "-m", "first")
	write(t, root, "uncommitted.go", "package lib\n")

	repository, err := clone(root, filepath.Join(t.TempDir(), "clone"))
	if err != nil {
		t.Fatal(err)
	}
	modules, err := repository.modules()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, m := range modules {
		paths = append(paths, m.path())
	}
	if want := []string{"example.com/lib", "example.com/lib/tool"}; !slices.Equal(paths, want) {
		t.Fatalf("modules: got %q, want %q", paths, want)
	}
	if err := checkRequirements(modules, "v0.1.0"); err != nil {
		t.Error(err)
	}
	if err := checkRequirements(modules, "v0.2.0"); err == nil || !strings.Contains(err.Error(), "example.com/lib/tool requires example.com/lib@v0.1.0") {
		t.Errorf("checkRequirements returned %v for a requirement on another version", err)
	}
	proxy := t.TempDir()
	for _, m := range modules {
		if err := repository.pack(m, "v0.1.0", proxy); err != nil {
			t.Fatal(err)
		}
	}
	checkPacked(t, proxy, "example.com/lib", "go.mod", "lib.go") // testdata/other is a module
	checkPacked(t, proxy, "example.com/lib/tool", "go.mod", "tool.go")
}

// checkPacked checks the names in the root directory of a packed module.
func checkPacked(t *testing.T, proxy, path string, want ...string) {
	t.Helper()
	directory := t.TempDir()
	packed := filepath.Join(proxy, filepath.FromSlash(path), "@v", "v0.1.0.zip")
	if err := zip.Unzip(directory, gomodule.Version{Path: path, Version: "v0.1.0"}, packed); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if !slices.Equal(names, want) {
		t.Errorf("%s: packed %q, want %q", path, names, want)
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, root string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}
