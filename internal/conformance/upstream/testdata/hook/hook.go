// Package hook replaces the connections of the test binary that imports it:
// grpc.NewClient returns the ClientConn of a Channel if the target is a server
// in this process and all options of both have a counterpart.
package hook

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
)

// application is set for the tests of applications.
var application = os.Getenv("INPROCCHAIN_UPSTREAM_APPLICATION") != ""

func init() {
	if os.Getenv("INPROCCHAIN_UPSTREAM_NETWORK") != "" {
		return
	}
	grpc.InprocHooks.Created = servers.created
	grpc.InprocHooks.Serving = servers.serving
	grpc.InprocHooks.Stopping = servers.stopping
	grpc.InprocHooks.Dialing = dial
	grpc.InprocHooks.Calling = calling
}

// dial returns a Channel's ClientConn, or nil if the connection is not replaced.
func dial(options grpc.InprocClientOptions) *grpc.ClientConn {
	if options.Target.URL.Scheme == "inproc" {
		return nil // This is the ClientConn of a Channel.
	}
	server, reason := find(options)
	if reason != "" {
		report("network\t%s: %s", options.Target.URL.String(), reason)
		return nil
	}
	cc := server.newClient(options)
	report("replaced\t%s", options.Target.URL.String())
	return cc
}

var called atomic.Bool

func calling(method string) {
	if os.Getenv("INPROCCHAIN_UPSTREAM_PRINT") != "" {
		fmt.Printf("=== CALL  %s\n", method)
	}
	if called.CompareAndSwap(false, true) {
		report("called\t%s", method)
	}
}

var reporting sync.Mutex

// report adds a line to the file that the program that runs the tests reads.
func report(format string, args ...any) {
	path := os.Getenv("INPROCCHAIN_UPSTREAM_REPORT")
	if path == "" {
		return
	}
	reporting.Lock()
	defer reporting.Unlock()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintf(f, format+"\n", args...)
}
