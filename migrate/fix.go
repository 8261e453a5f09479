package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// fix applies the fixes, or shows them as a diff, prints the reports that remain,
// and returns the exit code. It runs this program again to do so, because the
// driver neither prints reports when it fixes nor returns.
func fix(args []string, diff bool) (exitCode int) {
	dir, err := os.MkdirTemp("", "migrate")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "remaining")
	flags := []string{"-fix"}
	if diff {
		flags = append(flags, "-diff")
	}
	cmd := rerun(append(flags, args...))
	cmd.Env = append(os.Environ(), remainingFile+"="+name)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	exitCode, err = run(cmd)
	if err != nil {
		return failed(err)
	}
	if exitCode == 0 && !diff {
		if exitCode, ok := reportAgain(args); ok {
			return exitCode
		}
	}
	reports, err := readReports(name)
	if err != nil {
		return failed(err)
	}
	if exitCode == 0 && !diff && len(reports) > 0 {
		fmt.Fprintln(os.Stderr, "migrate: the rewritten packages do not compile before you run go get github.com/inprocchain/inprocchain; "+
			"these reports remain, with line numbers from before the rewriting:")
	}
	for _, r := range reports {
		fmt.Fprint(os.Stderr, r.Text)
	}
	if exitCode == 0 && len(reports) > 0 {
		return 3
	}
	return exitCode
}

// reportAgain reports on the rewritten files. ok is false if they do not compile,
// as when go.mod does not require inprocchain yet.
func reportAgain(args []string) (exitCode int, ok bool) {
	var stdout, stderr bytes.Buffer
	cmd := rerun(args)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	exitCode, err := run(cmd)
	if err != nil || exitCode != 0 && exitCode != 3 {
		return 0, false
	}
	os.Stdout.Write(stdout.Bytes())
	os.Stderr.Write(stderr.Bytes())
	return exitCode, true
}

// rerun returns a command that runs this program.
func rerun(args []string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.Command(self, args...)
}

// run runs a command and returns its exit code. It returns an error if the command could
// not be run.
func run(cmd *exec.Cmd) (exitCode int, err error) {
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

func failed(err error) (exitCode int) {
	fmt.Fprintln(os.Stderr, "migrate:", err)
	return 1
}

// fixFlags removes -fix and -diff from the flags in args and reports whether they were
// given. An argument after the flags is not a flag, so a misplaced -diff rewrites nothing.
func fixFlags(args []string) (rest []string, write, diff bool) {
	for i := 0; i < len(args); i++ {
		name := strings.TrimLeft(args[i], "-")
		switch {
		case name == args[i] || name == "":
			return append(rest, args[i:]...), write, diff
		case name == "fix" || name == "fix=true":
			write = true
		case name == "diff" || name == "diff=true":
			diff = true
		case slices.Contains(withValue, name) && i+1 < len(args):
			rest = append(rest, args[i], args[i+1])
			i++
		default:
			rest = append(rest, args[i])
		}
	}
	return rest, write, diff
}

// withValue has the driver's flags whose value may be the next argument.
var withValue = []string{"c", "cpuprofile", "debug", "memprofile", "tags", "trace"}
