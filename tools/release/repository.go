package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	gomodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// A repository is the directory of a new clone, without uncommitted changes.
type repository string

func clone(root, directory string) (repository, error) {
	if output, err := exec.Command("git", "clone", "--quiet", root, directory).CombinedOutput(); err != nil {
		return "", fmt.Errorf("git clone %s: %w\n%s", root, err, output)
	}
	return repository(directory), nil
}

// A module is a module of the repository, the root module or a nested one.
type module struct {
	directory string // in the repository, with slashes
	text      []byte // of its go.mod
	file      *modfile.File
}

func (m module) path() string { return m.file.Module.Mod.Path }

// modules returns the modules of the repository, the root module first. Modules in
// testdata are ignored.
func (r repository) modules() ([]module, error) {
	var modules []module
	err := filepath.WalkDir(string(r), func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || entry.Name() != "go.mod":
			return nil
		}
		directory, err := filepath.Rel(string(r), filepath.Dir(name))
		if err != nil {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := modfile.Parse(name, text, nil)
		if err != nil {
			return err
		}
		modules = append(modules, module{filepath.ToSlash(directory), text, file})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.directory, b.directory) })
	if len(modules) == 0 || modules[0].directory != "." {
		return nil, errors.New("the root directory has no go.mod")
	}
	return modules, nil
}

// checkRequirements returns an error unless all requirements between the modules are on
// the version that is to be published.
func checkRequirements(modules []module, version string) error {
	paths := map[string]bool{}
	for _, m := range modules {
		paths[m.path()] = true
	}
	for _, m := range modules {
		for _, require := range m.file.Require {
			if paths[require.Mod.Path] && require.Mod.Version != version {
				return fmt.Errorf("%s requires %s: require %s, the version that is to be published", m.path(), require.Mod, version)
			}
		}
	}
	return nil
}

// pack writes the module into a directory that can serve as a file:// module proxy.
func (r repository) pack(m module, version, proxy string) error {
	escaped, err := gomodule.EscapePath(m.path())
	if err != nil {
		return err
	}
	directory := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	var packed bytes.Buffer
	subdirectory := strings.TrimPrefix(m.directory, ".")
	err = zip.CreateFromVCS(&packed, gomodule.Version{Path: m.path(), Version: version}, string(r), "HEAD", subdirectory)
	if err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": info,
		version + ".mod":  m.text,
		version + ".zip":  packed.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r repository) read(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(string(r), filepath.FromSlash(name)))
	return string(text), err
}
