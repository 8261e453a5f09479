package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A workspace is a directory with edited copies of the modules, and a go.mod that replaces the
// modules with the copies. Its path is the same each time, so that Go's build cache can be
// used.
type workspace struct {
	dir     string
	modfile string
	copies  map[string]string // module path to directory
}

const hookModule = "inprocchain.test/hook"

// newWorkspace copies the modules of the suites, and grpc-go. The current directory must be
// that of this package.
func newWorkspace(ctx context.Context, suites []suite) (*workspace, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	hash := fnv.New32a()
	hash.Write([]byte(here))
	w := &workspace{dir: filepath.Join(os.TempDir(), fmt.Sprintf("inprocchain-upstream-%08x", hash.Sum32())), copies: map[string]string{}}
	w.modfile = filepath.Join(w.dir, "go.mod")

	packages := map[string][]string{grpcModule: nil}
	for _, suite := range suites {
		packages[suite.module] = append(packages[suite.module], suite.packages...)
	}
	for module, packages := range packages {
		if err := w.copy(ctx, module, packages); err != nil {
			return nil, fmt.Errorf("copying %s: %w", module, err)
		}
	}
	if err := w.addHook(); err != nil {
		return nil, err
	}
	return w, w.writeModfile(here)
}

// copy copies a module from the module cache. It adds a file to each package
// whose tests are run, so that they are built with the hook.
func (w *workspace) copy(ctx context.Context, module string, packages []string) error {
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", module).Output()
	if err != nil {
		return failed(err)
	}
	var downloaded struct{ Dir, Version string }
	if err := json.Unmarshal(out, &downloaded); err != nil {
		return err
	}
	files, err := read(downloaded.Dir)
	if err != nil {
		return err
	}
	if module == grpcModule {
		if err := editGRPC(files); err != nil {
			return err
		}
	}
	for _, pkg := range packages {
		name, err := packageName(ctx, path.Join(module, pkg))
		if err != nil {
			return err
		}
		files[path.Join(pkg, "inprochook_test.go")] = fmt.Appendf(nil, "package %s_test\n\nimport _ %q\n", name, hookModule)
	}
	w.copies[module] = filepath.Join(w.dir, filepath.FromSlash(module)+"@"+downloaded.Version)
	return write(w.copies[module], files)
}

func packageName(ctx context.Context, pkg string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-find", "-f", "{{.Name}}", pkg).Output()
	return strings.TrimSpace(string(out)), failed(err)
}

// failed adds the error output of a command to its error.
func failed(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

func (w *workspace) addHook() error {
	files, err := added("hook")
	if err != nil {
		return err
	}
	files["go.mod"] = fmt.Appendf(nil, "module %s\n\ngo 1.26.0\n", hookModule)
	w.copies[hookModule] = filepath.Join(w.dir, hookModule)
	return write(w.copies[hookModule], files)
}

// writeModfile writes this module's go.mod and go.sum. The go.mod replaces the modules with
// their copies.
func (w *workspace) writeModfile(here string) error {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	root := filepath.Join(here, "..", "..", "..")
	text := strings.Replace(string(mod), "=> ../../../", "=> "+root, 1)
	text += fmt.Sprintf("\nrequire %s v0.0.0\n", hookModule)
	for _, module := range slices.Sorted(maps.Keys(w.copies)) {
		text += fmt.Sprintf("\nreplace %s => %s\n", module, w.copies[module])
	}
	if err := writeFile(w.modfile, []byte(text)); err != nil {
		return err
	}
	return writeFile(filepath.Join(w.dir, "go.sum"), sum)
}

// read returns the files of a directory by their paths with slashes.
func read(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(dir, name))
		return err
	})
	return files, err
}

// write writes the files to a directory, and removes all other files from it.
func write(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if _, ok := files[name]; ok {
			return nil
		}
		return os.Remove(filepath.Join(dir, name))
	})
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), content); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file, unless it already has the content.
func writeFile(name string, content []byte) error {
	if existing, err := os.ReadFile(name); err == nil && bytes.Equal(existing, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}
