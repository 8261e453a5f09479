// Migrate finds the uses of github.com/fullstorydev/grpchan and grpc-gateway that
// go wrong on an in-process gRPC channel, and rewrites them to
// github.com/inprocchain/inprocchain where that is safe.
//
//	migrate ./...          reports; exits 3 if there is something to report, 1 on errors
//	migrate -diff ./...    shows what -fix would change, without changing it
//	migrate -fix ./...     rewrites what is safe to rewrite
//
// With -diff and -fix, it then prints the reports that remain, and exits 3 if
// there are any. Each says why it is not rewritten.
//
// It analyzes the packages that import gRPC, grpchan, grpc-gateway or inprocchain
// themselves, with their tests. If some of them do not compile, it prints the errors,
// analyzes the others, and exits 1.
//
// It is also a tool for go vet:
//
//	go vet -vettool=$(which migrate) ./...
//
// The documentation of package analyzer lists what it reports.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/inprocchain/inprocchain/migrate/analyzer"
)

func main() {
	if calledByVet(os.Args[1:]) {
		unitchecker.Main(analyzer.Analyzer)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// calledByVet reports whether the arguments are those with which go vet runs a tool.
func calledByVet(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return arg == "-V=full" || arg == "-flags" || strings.HasSuffix(arg, ".cfg")
	})
}

const usage = `Migrate finds the uses of grpchan and grpc-gateway that go wrong on an in-process
channel, and rewrites them to inprocchain.

	migrate ./...          reports; exits 3 if there is something to report
	migrate -diff ./...    shows what -fix would change, without changing it
	migrate -fix ./...     rewrites what is safe to rewrite

With -diff and -fix, it then prints the reports that remain, and exits 3 if there
are any.

	go vet -vettool=$(which migrate) ./...

Flags:
`

// run is the command. It returns the exit code.
func run(args []string, stdout, stderr io.Writer) (exitCode int) {
	var s source
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	diff := flags.Bool("diff", false, "show what -fix would change, as a diff")
	write := flags.Bool("fix", false, "rewrite what is safe to rewrite")
	flags.BoolVar(&s.tests, "test", true, "analyze test files, too")
	flags.StringVar(&s.tags, "tags", "", "a comma-separated list of build `tags`")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() == 0:
		flags.Usage()
		return 1
	}
	s.patterns = flags.Args()

	found, err := s.analyze()
	reports := found.reports
	if err == nil && (*diff || *write) {
		reports, err = s.rewrite(found, *diff, stdout, stderr)
	}
	for _, r := range reports {
		fmt.Fprint(stderr, r.text)
	}
	printErrors(stderr, found.errors)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "migrate:", err)
		return 1
	case len(found.errors) > 0:
		return 1
	case len(reports) > 0:
		return 3
	}
	return 0
}

// printErrors prints the errors of packages that do not compile. They are last, so that
// reports do not hide them.
func printErrors(w io.Writer, errs []error) {
	const most = 10 // of one package that is missing, for example
	for i, err := range errs {
		if i == most {
			fmt.Fprintf(w, "migrate: and %d more errors\n", len(errs)-most)
			break
		}
		fmt.Fprintf(w, "migrate: %s\n", strings.TrimPrefix(err.Error(), "-: ")) // without a position
	}
	if len(errs) > 0 {
		fmt.Fprintln(w, "migrate: the packages with these errors, and those that import them, were not analyzed")
	}
}
