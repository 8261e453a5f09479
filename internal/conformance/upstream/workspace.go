package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
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
	main    string            // the directory in which go commands run; the current one if it is empty
	copies  map[string]string // module path to directory
}

const (
	hookModule = "inprocchain.test/hook"
	rootModule = "github.com/inprocchain/inprocchain"
)

// newWorkspace copies the modules of the suites, and grpc-go. The current directory must be
// that of this package.
func newWorkspace(ctx context.Context, suites []suite) (*workspace, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	w := &workspace{dir: workspaceDir(here, "upstream"), copies: map[string]string{}}
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

// newApplication copies the module of an application, and grpc-go. The application's go.mod then
// requires this library and replaces grpc-go.
func newApplication(ctx context.Context, s suite) (*workspace, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	w := &workspace{dir: workspaceDir(here, "application"), copies: map[string]string{}}
	if err := w.copy(ctx, grpcModule, nil); err != nil {
		return nil, fmt.Errorf("copying %s: %w", grpcModule, err)
	}
	if err := w.copy(ctx, s.module+"@"+s.version, s.packages); err != nil {
		return nil, fmt.Errorf("copying %s: %w", s.module, err)
	}
	if err := w.addHook(); err != nil {
		return nil, err
	}
	w.main = w.copies[s.module]
	w.modfile = filepath.Join(w.main, "go.mod")
	return w, w.editModfile(ctx, s.module, filepath.Join(here, "..", "..", ".."))
}

// editModfile adds what the tests of an application need to its go.mod. root is the directory of this
// library.
func (w *workspace) editModfile(ctx context.Context, application, root string) error {
	edits := []string{"mod", "edit", "-require=" + hookModule + "@v0.0.0", "-require=" + rootModule + "@v0.1.0", "-replace=" + rootModule + "=" + root}
	for _, module := range []string{grpcModule, hookModule} {
		edits = append(edits, "-replace="+module+"="+w.copies[module])
	}
	_, version, _ := strings.Cut(filepath.Base(w.copies[grpcModule]), "@")
	edits = append(edits, "-require="+grpcModule+"@"+version)
	siblings, err := w.siblings(ctx)
	if err != nil {
		return fmt.Errorf("reading the go.mod of %s: %w", application, err)
	}
	for _, module := range siblings {
		edits = append(edits, "-dropreplace="+module)
	}
	if _, err := w.command(ctx, edits...).Output(); err != nil {
		return fmt.Errorf("editing the go.mod of %s: %w", application, failed(err))
	}
	return nil
}

// siblings returns the modules that the main module replaces with other directories of its repository,
// which a module does not contain. Without the replacement, their required versions are used.
func (w *workspace) siblings(ctx context.Context) ([]string, error) {
	out, err := w.command(ctx, "mod", "edit", "-json").Output()
	if err != nil {
		return nil, failed(err)
	}
	var mod struct {
		Replace []struct{ Old, New struct{ Path string } }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		return nil, err
	}
	var modules []string
	for _, replacement := range mod.Replace {
		if strings.HasPrefix(replacement.New.Path, "../") {
			modules = append(modules, replacement.Old.Path)
		}
	}
	return modules, nil
}

// command returns a go command that runs in the main module.
func (w *workspace) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = w.main
	if w.main != "" {
		command.Env = append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN=local") // Use this project's Go.
	}
	return command
}

// workspaceDir returns a directory that is the same each time.
func workspaceDir(here, purpose string) string {
	hash := fnv.New32a()
	hash.Write([]byte(here))
	return filepath.Join(os.TempDir(), fmt.Sprintf("inprocchain-%s-%08x", purpose, hash.Sum32()))
}

// copy copies a module from the module cache. It adds a file to each package
// whose tests are run, so that they are built with the hook.
func (w *workspace) copy(ctx context.Context, module string, packages []string) error {
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", module).Output()
	if err != nil {
		return failed(err)
	}
	var downloaded struct{ Path, Dir, Version string }
	if err := json.Unmarshal(out, &downloaded); err != nil {
		return err
	}
	files, err := read(downloaded.Dir)
	if err != nil {
		return err
	}
	module = downloaded.Path
	if module == grpcModule {
		if err := editGRPC(files); err != nil {
			return err
		}
	}
	for _, pkg := range packages {
		name, err := packageName(filepath.Join(downloaded.Dir, filepath.FromSlash(pkg)))
		if err != nil {
			return err
		}
		files[path.Join(pkg, "inprochook_test.go")] = fmt.Appendf(nil, "package %s_test\n\nimport _ %q\n", name, hookModule)
	}
	w.copies[module] = filepath.Join(w.dir, filepath.FromSlash(module)+"@"+downloaded.Version)
	return write(w.copies[module], files)
}

// packageName returns the name of the package in a directory.
func packageName(dir string) (string, error) {
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return "", err
	}
	return pkg.Name, nil
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
