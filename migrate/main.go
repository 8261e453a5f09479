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
// It is also a tool for go vet:
//
//	go vet -vettool=$(which migrate) ./...
//
// The documentation of package analyzer lists what it reports.
package main

import (
	"flag"
	"fmt"
	"os"

	"golang.org/x/tools/go/analysis/singlechecker"

	"github.com/inprocchain/inprocchain/migrate/analyzer"
)

func main() {
	flag.CommandLine.Usage = usage
	if len(os.Args) == 1 {
		usage()
		os.Exit(1)
	}
	if name := os.Getenv(remainingFile); name != "" {
		singlechecker.Main(recording(analyzer.Analyzer, name))
	}
	if rest, write, diff := fixFlags(os.Args[1:]); write || diff {
		os.Exit(fix(rest, diff))
	}
	singlechecker.Main(analyzer.Analyzer) // also implements the protocol of go vet
}

func usage() {
	fmt.Fprint(os.Stderr, `Migrate finds the uses of grpchan and grpc-gateway that go wrong on an in-process
channel, and rewrites them to inprocchain.

	migrate [flags] packages

	migrate ./...          reports; exits 3 if there is something to report
	migrate -diff ./...    shows what -fix would change, without changing it
	migrate -fix ./...     rewrites what is safe to rewrite

With -diff and -fix, it then prints the reports that remain, and exits 3 if there
are any.

	go vet -vettool=$(which migrate) ./...

Further flags:

	-json          report as JSON, and exit 0
	-c N           show N lines around each report
	-test=false    ignore test files
`)
}
