// Migrate finds the calls of github.com/fullstorydev/grpchan that go wrong on an in-process channel and
// rewrites those that it safely can to github.com/inprocchain/inprocchain.
//
//	migrate ./...          reports; exits 3 if there is something to report, 1 on errors
//	migrate -diff ./...    shows what -fix would do, and changes nothing
//	migrate -fix ./...     rewrites; what is reported afterwards is left to people, and says why
//
// It is also a tool for go vet, which then reports in its own way:
//
//	go vet -vettool=$(which migrate) ./...
//
// What it looks for is told in the documentation of package analyzer.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/inprocchain/inprocchain/migrate/analyzer"
)

func main() {
	os.Args = withFix(os.Args)
	flag.CommandLine.Usage = usage
	if len(os.Args) == 1 {
		usage()
		os.Exit(1)
	}
	singlechecker.Main(analyzer.Analyzer) // go vet's protocol included
}

// withFix puts the -fix that -diff means before it: without one the driver ignores -diff. In this place it is
// a flag only where -diff is one, so that a misplaced -diff never rewrites.
func withFix(args []string) []string {
	var with []string
	for _, arg := range args {
		if name := strings.TrimLeft(arg, "-"); name != arg && (name == "diff" || name == "diff=true") {
			with = append(with, "-fix")
		}
		with = append(with, arg)
	}
	return with
}

func usage() {
	fmt.Fprint(os.Stderr, `Migrate finds the calls of grpchan that go wrong on an in-process channel, and rewrites to inprocchain.

	migrate [flags] packages

	migrate ./...          reports; exits 3 if there is something to report
	migrate -diff ./...    shows what -fix would do, and changes nothing
	migrate -fix ./...     rewrites what it safely can

	go vet -vettool=$(which migrate) ./...

Further flags:

	-json          report as JSON, and exit 0
	-c N           show N lines around what is reported
	-test=false    leave test files out
`)
}
