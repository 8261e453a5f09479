package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	gomodule "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// A user runs the go command in new directories, with its own module cache.
type user struct {
	home    string   // the directory for all new directories
	library string   // the path of the root module
	env     []string // of the go command
}

func newUser(home, proxy, library string) (*user, error) {
	env := os.Environ()
	for _, name := range []string{"GOPROXY", "GONOSUMDB", "GOFLAGS"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return nil, fmt.Errorf("go env %s: %w", name, err)
		}
		current := strings.TrimSpace(string(value))
		switch name {
		case "GOPROXY":
			env = append(env, "GOPROXY="+strings.TrimSuffix(fileURL(proxy)+","+current, ","))
		case "GONOSUMDB": // The packed modules are in no checksum database.
			env = append(env, "GONOSUMDB="+strings.TrimSuffix(library+","+current, ","))
		case "GOFLAGS": // -modcacherw allows removing the cache; -trimpath makes builds independent of its path.
			env = append(env, "GOFLAGS="+strings.TrimSpace(current+" -modcacherw -trimpath"))
		}
	}
	env = append(env, "GOMODCACHE="+filepath.Join(home, "modcache"), "GOWORK=off")
	return &user{home: home, library: library, env: env}, nil
}

// fileURL returns the URL of a directory. On Windows, a slash precedes the drive.
func fileURL(directory string) string {
	path := filepath.ToSlash(directory)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return "file://" + path
}

//go:embed testdata
var testdata embed.FS

// followDocuments runs the commands of each document in a new application that uses
// grpchan, and then runs the application.
func (u *user) followDocuments(r repository, documents ...string) error {
	for _, document := range documents {
		text, err := r.read(document)
		if err != nil {
			return err
		}
		commands := commandsOf(text, u.library)
		if len(commands) == 0 {
			return fmt.Errorf("%s has no command that needs a published version", document)
		}
		application, err := u.newModule("testdata/application")
		if err != nil {
			return err
		}
		if err := u.runAll(application, "go mod tidy"); err != nil {
			return err
		}
		for _, command := range commands {
			err := u.run(application, command)
			if migrateReported(command, err) {
				err = nil
			}
			if err != nil {
				return fmt.Errorf("%s: %w", document, err)
			}
		}
		if err := u.runAll(application, "go vet ./...", "go run ."); err != nil {
			return fmt.Errorf("after the commands of %s: %w", document, err)
		}
		source, err := os.ReadFile(filepath.Join(application, "main.go"))
		if err != nil {
			return err
		}
		if !strings.Contains(string(source), `"`+u.library+`"`) {
			return fmt.Errorf("after the commands of %s, the application does not import %s", document, u.library)
		}
	}
	return nil
}

// migrateReported reports whether the command ran migrate and failed only because migrate
// reported something, for which its exit code is 3.
func migrateReported(command string, err error) bool {
	return err != nil && strings.Contains(command, "/migrate@") && strings.Contains(err.Error(), "exit status 3")
}

// runPrograms runs each whole program of the document in a new module.
func (u *user) runPrograms(r repository, document string) error {
	text, err := r.read(document)
	if err != nil {
		return err
	}
	for _, program := range programsOf(text) {
		directory, err := u.newModule("")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(directory, "main.go"), []byte(program), 0o644); err != nil {
			return err
		}
		if err := u.runAll(directory, "go mod tidy", "go run ."); err != nil {
			return fmt.Errorf("a program in %s: %w", document, err)
		}
	}
	return nil
}

// importPackages tests a module that imports the packages of the library.
func (u *user) importPackages() error {
	directory, err := u.newModule("testdata/importer")
	if err != nil {
		return err
	}
	return u.runAll(directory, "go mod tidy", "go vet ./...", "go test ./...")
}

// buildModules vets the packed modules that have replace directives, without these
// directives.
func (u *user) buildModules(proxy string, modules []module, version string) error {
	for _, m := range modules {
		if len(m.file.Replace) == 0 {
			continue
		}
		escaped, err := gomodule.EscapePath(m.path())
		if err != nil {
			return err
		}
		directory, err := os.MkdirTemp(u.home, "module")
		if err != nil {
			return err
		}
		packed := filepath.Join(proxy, filepath.FromSlash(escaped), "@v", version+".zip")
		if err := zip.Unzip(directory, gomodule.Version{Path: m.path(), Version: version}, packed); err != nil {
			return err
		}
		var commands []string
		for _, replace := range m.file.Replace {
			commands = append(commands, "go mod edit -dropreplace="+replace.Old.Path)
		}
		if err := u.runAll(directory, append(commands, "go vet -mod=mod ./...")...); err != nil {
			return fmt.Errorf("%s: %w", m.path(), err)
		}
	}
	return nil
}

// newModule returns a new directory with a go.mod and the embedded files of a
// directory, if there is one.
func (u *user) newModule(files string) (directory string, err error) {
	if directory, err = os.MkdirTemp(u.home, "module"); err != nil {
		return "", err
	}
	if files != "" {
		entries, err := testdata.ReadDir(files)
		if err != nil {
			return "", err
		}
		for _, entry := range entries {
			content, err := testdata.ReadFile(files + "/" + entry.Name())
			if err != nil {
				return "", err
			}
			if err := os.WriteFile(filepath.Join(directory, entry.Name()), content, 0o644); err != nil {
				return "", err
			}
		}
	}
	return directory, u.run(directory, "go mod init example.com/application")
}

func (u *user) runAll(directory string, commands ...string) error {
	for _, command := range commands {
		if err := u.run(directory, command); err != nil {
			return err
		}
	}
	return nil
}

// run runs a command line without quotes. The error includes the output of the command.
func (u *user) run(directory, command string) error {
	fmt.Printf("$ %s\n", command)
	args := strings.Fields(command)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = directory, u.env
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", command, err, &output)
	}
	return nil
}
