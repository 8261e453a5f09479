package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A tree lists the documents, modules and Go files of the repository.
type tree struct {
	root      string
	documents []string
	modules   []string
	sources   []source
}

// A source is a Go file, without indentation and empty lines.
type source struct {
	path  string
	lines []string
}

func walk(root string) (*tree, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	t := &tree{root: root}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			// The go command ignores these directories.
			if path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch {
		case name == "go.mod":
			t.modules = append(t.modules, filepath.Dir(path))
		case strings.HasSuffix(name, ".md"):
			t.documents = append(t.documents, relative)
		case strings.HasSuffix(name, ".go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if name == "doc.go" {
				t.documents = append(t.documents, relative)
			}
			t.sources = append(t.sources, source{relative, squeeze(strings.Split(string(text), "\n"))})
		}
		return nil
	})
	return t, err
}

func squeeze(lines []string) []string {
	var squeezed []string
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			squeezed = append(squeezed, line)
		}
	}
	return squeezed
}
