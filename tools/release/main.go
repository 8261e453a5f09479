// Release rehearses a release of the current commit. It packs every module of the
// repository as the given version, as a module proxy would serve it once the commit is
// tagged, and uses the packed modules as a new user would.
//
// It reads only the last commit of the repository, and writes neither to the repository
// nor to the module cache. It runs commands in new directories outside of the
// repository, with the packed modules and the proxy that GOPROXY names. These use
//
//   - the commands in README.md and docs/migrating.md that need a published version,
//     in an application that uses grpchan;
//   - the programs in README.md;
//   - a program that imports the library, chaintest and the analyzer of migrate;
//   - the modules of the repository that require the library, without their replace
//     directives.
//
// gorelease checks the version and the API of a module that the public proxy has. It can
// neither run before the first release nor see that a command in a document fails.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", "..", "the `directory` of the repository")
	version := flag.String("version", "v0.1.0", "the `version` to rehearse")
	flag.Parse()
	if err := run(*root, *version); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(root, version string) error {
	work, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	repository, err := clone(root, filepath.Join(work, "repository"))
	if err != nil {
		return err
	}
	modules, err := repository.modules()
	if err != nil {
		return err
	}
	if err := checkRequirements(modules, version); err != nil {
		return err
	}
	proxy := filepath.Join(work, "proxy")
	for _, m := range modules {
		if err := repository.pack(m, version, proxy); err != nil {
			return fmt.Errorf("packing %s: %w", m.path(), err)
		}
		fmt.Printf("packed %s %s\n", m.path(), version)
	}
	user, err := newUser(work, proxy, modules[0].path())
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return user.followDocuments(repository, "README.md", "docs/migrating.md") },
		func() error { return user.runPrograms(repository, "README.md") },
		user.importPackages,
		func() error { return user.buildModules(proxy, modules, version) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	fmt.Printf("release: %s can be published\n", version)
	return nil
}
