// Command flags is a feature-flag service that is served over three transports with one
// [inprocchain.Chain]: gRPC over TCP, gRPC in-process, and REST through grpc-gateway on the
// in-process channel.
//
//	go run -C examples ./flags
//
// makes the same requests over each transport, prints the results, traces, audit records,
// log and metrics, and fails if the transports differ.
//
//	go run -C examples ./flags -split
//
// runs the service in a second process, makes the same requests again, and fails
// if anything differs from the run in one process. Two modules with credentials of
// their own make requests, too.
//
//	go run -C examples ./flags -serve -grpc :9090 -http :8080
//
// serves until it is interrupted. With -otlp localhost:4317, traces go to a
// collector instead of being printed.
//
// Begin with chain.go, which makes the chain, and app.go, which serves with it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // A second signal ends the program immediately.
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "flags:", err)
		os.Exit(1)
	}
}

// errUsage is returned for invalid arguments, after a message on stderr.
var errUsage = errors.New("see -help")

// config has the settings of the command line.
type config struct {
	serve    bool
	untilEOF bool // with serve: stop at the end of standard input, too
	split    bool
	grpcAddr string
	httpAddr string // empty for no REST server
	token    string
	audit    string
	otlp     string
}

// run is the program. Like [os.File], stdout must be safe for concurrent use.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	cfg, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return errUsage
	}
	if cfg.untilEOF {
		ctx = untilEOF(ctx, os.Stdin)
	}
	if cfg.serve {
		return serve(ctx, cfg, stdout, stderr)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if cfg.split {
		return compareProcesses(ctx, cfg, stdout)
	}
	return compareTransports(ctx, cfg, stdout)
}

// untilEOF returns a context that ends with ctx or at the end of input.
func untilEOF(ctx context.Context, input io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, input)
	}()
	return ctx
}

func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("flags", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&cfg.serve, "serve", false, "serve until interrupted, instead of making requests and exiting")
	flags.BoolVar(&cfg.untilEOF, "until-eof", false, "with -serve, also stop at the end of standard input")
	flags.BoolVar(&cfg.split, "split", false, "make the requests with the flag service in a second process, and compare")
	flags.StringVar(&cfg.grpcAddr, "grpc", "127.0.0.1:0", "`address` to serve gRPC on; port 0 selects a free port")
	flags.StringVar(&cfg.httpAddr, "http", "127.0.0.1:0", "`address` to serve REST on; port 0 selects a free port; empty for no REST with -serve")
	flags.StringVar(&cfg.token, "token", "open-sesame", "bearer `token` that requests must carry")
	flags.StringVar(&cfg.audit, "audit", "", "also append the audit log to `file`")
	flags.StringVar(&cfg.otlp, "otlp", "", "export traces to the OTLP collector at `address` (gRPC, without TLS) instead of printing them")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	var err error
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case cfg.serve && cfg.split:
		err = errors.New("-serve and -split cannot be combined; use one of them")
	case cfg.untilEOF && !cfg.serve:
		err = errors.New("-until-eof has no effect without -serve; add -serve")
	case cfg.token == "":
		err = errors.New("-token is empty; set it to the bearer token that requests must carry")
	case cfg.httpAddr == "" && !cfg.serve:
		err = errors.New("-http is empty, but requests are made over REST too; set it to an address, or add -serve")
	default:
		return cfg, nil
	}
	fmt.Fprintln(stderr, err)
	flags.Usage()
	return config{}, err
}
