package motion_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// A panic on the server's side ends the process with its text and its stack. The caller learns
// nothing before that. If it did, it might end the process itself, with os.Exit or log.Fatal,
// before the text is written.
func TestPanicEndsProcess(t *testing.T) {
	if isChild() {
		callThenExit(t)
		return
	}
	t.Parallel()
	for _, place := range append([]string{"handler", "interceptor", "interceptor, after the handler"}, serverEvents...) {
		for _, value := range []string{"string", "slow error"} {
			if value == "string" && place != "handler" {
				continue
			}
			t.Run(place+" with a "+value, func(t *testing.T) {
				t.Parallel()
				for _, k := range kinds {
					for _, conn := range []string{"network", "Channel"} {
						if conn == "network" && slices.Contains([]string{"OutTrailer", "End"}, place) {
							continue // The caller has its answer already.
						}
						checkPanics(t, panicking{conn, place, k.name, value})
					}
				}
			})
		}
	}
}

// A panicking says what panics in a process.
type panicking struct{ conn, place, kind, value string }

// checkPanics runs the process, several times if its end is a race between the caller and the
// runtime. A slow error decides the race.
func checkPanics(t *testing.T, p panicking) {
	runs := 1
	if p.value == "string" && p.conn == "Channel" {
		runs = 20
	}
	failed := 0
	var last string
	for range runs {
		code, output := runChild(t, strings.Join([]string{p.conn, p.place, p.kind, p.value}, "/"))
		if code != 2 || !strings.HasPrefix(output, "panic: "+panicText) || !strings.Contains(output, "motion_test.panicNow") {
			failed++
			last = fmt.Sprintf("exit code %d and output:\n%s", code, output)
		}
	}
	if failed > 0 {
		t.Errorf("%s, %s: %d of %d processes did not end with the panic; the last had %s", p.conn, p.kind, failed, runs, last)
	}
}

// callThenExit makes an RPC that panics, and exits when the RPC has ended.
func callThenExit(t *testing.T) {
	spec := strings.Split(os.Getenv(childVariable), "/")
	p := panicking{spec[0], spec[1], spec[2], spec[3]}
	s, chain := service{}, inprocchain.Chain{}
	switch p.place {
	case "handler":
		s = handle(func(context.Context) error { panicNow(p.value); return nil })
	case "interceptor":
		chain = serverInterceptors(func(func() error) error { panicNow(p.value); return nil })
	case "interceptor, after the handler":
		chain = serverInterceptors(func(handler func() error) error {
			_ = handler()
			panicNow(p.value)
			return nil
		})
	default:
		chain = inprocchain.NewChain(inprocchain.WithServerStatsHandlers(at(p.place, func() { panicNow(p.value) })))
	}
	_, _ = kindNamed(p.kind).call(t.Context(), connectTo(t, p.conn, chain, s))
	os.Exit(0)
}

const panicText = "the server panics"

// panicNow panics with a string, or with an error whose text takes so long to make that
// whoever learns of the panic before it is printed has the time to end the process.
func panicNow(value string) {
	if value == "string" {
		panic(panicText)
	}
	panic(slowError{})
}

type slowError struct{}

func (slowError) Error() string {
	time.Sleep(100 * time.Millisecond)
	return panicText
}

// Server stats handlers get the same events of an RPC whose handler panics.
func TestServerEventsOfPanickingHandler(t *testing.T) {
	if isChild() {
		spec := strings.Split(os.Getenv(childVariable), "/")
		chain := inprocchain.NewChain(inprocchain.WithServerStatsHandlers(statsHandler(printEvent)))
		s := handle(func(context.Context) error { panicNow("string"); return nil })
		_, _ = kindNamed(spec[1]).call(t.Context(), connectTo(t, spec[0], chain, s))
		select {} // Only the panic ends the process.
	}
	t.Parallel()
	for _, k := range kinds {
		var printed [2]string
		for i, conn := range []string{"network", "Channel"} {
			code, output := runChild(t, conn+"/"+k.name)
			events, _, panicked := strings.Cut(output, "panic: "+panicText)
			if code != 2 || !panicked {
				t.Errorf("%s, %s: exit code %d and output:\n%s", conn, k.name, code, output)
			}
			printed[i] = events
		}
		if printed[1] != printed[0] {
			t.Errorf("%s: the events are\n%s; want those of the network:\n%s", k.name, printed[1], printed[0])
		}
	}
}

func printEvent(_ context.Context, event stats.RPCStats) {
	if end, ok := event.(*stats.End); ok {
		fmt.Fprintln(os.Stderr, "End", end.Error)
		return
	}
	fmt.Fprintln(os.Stderr, nameOf(event))
}

// A panic while the goroutine of the handler exits ends the process too.
func TestPanicDuringGoexitEndsProcess(t *testing.T) {
	if isChild() {
		spec := strings.Split(os.Getenv(childVariable), "/")
		s := handle(func(context.Context) error {
			defer panicNow("slow error")
			runtime.Goexit()
			return nil
		})
		_, _ = kindNamed(spec[1]).call(t.Context(), connectTo(t, spec[0], inprocchain.Chain{}, s))
		os.Exit(0)
	}
	t.Parallel()
	for _, k := range kinds {
		for _, conn := range []string{"network", "Channel"} {
			if code, output := runChild(t, conn+"/"+k.name); code != 2 || !strings.Contains(output, "panic: "+panicText) {
				t.Errorf("%s, %s: exit code %d and output:\n%s", conn, k.name, code, output)
			}
		}
	}
}
