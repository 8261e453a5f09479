package motion_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/inprocchain/inprocchain"
)

// A panic of a client's stats handler is that of its caller, who may recover it. The server's
// interceptors cannot, and the Channel can be shut down. On a network, a panic in InHeader or
// InTrailer ends the process.
func TestPanicOfClientStatsHandlerIsOfItsCaller(t *testing.T) {
	if isChild() {
		conn, rest, _ := strings.Cut(os.Getenv(childVariable), "/")
		event, k, _ := strings.Cut(rest, "/")
		recoverFromClient(t, conn, event, kindNamed(k))
		return
	}
	t.Parallel()
	for _, event := range clientEvents {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			for _, k := range kinds {
				for _, conn := range []string{"network", "Channel"} {
					if conn == "network" && slices.Contains([]string{"InHeader", "InTrailer"}, event) {
						continue
					}
					code, output := runChild(t, conn+"/"+event+"/"+k.name)
					if want := "the caller recovered " + event + "\n"; code != 0 || output != want {
						t.Errorf("%s, %s: exit code %d and output\n%s\nwant 0 and %q", conn, k.name, code, output, want)
					}
				}
			}
		})
	}
}

// recoverFromClient makes an RPC whose client's stats handler panics at the event.
func recoverFromClient(t *testing.T, conn, event string, k kind) {
	chain := inprocchain.NewChain(
		inprocchain.WithClientStatsHandlers(at(event, func() { panic(event) })),
		serverInterceptors(func(handler func() error) error {
			defer func() {
				if value := recover(); value != nil {
					fmt.Println("the server recovered", value)
				}
			}()
			return handler()
		}),
	)
	cc := connectTo(t, conn, chain, service{})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if !returns(func() {
		defer func() { fmt.Println("the caller recovered", recover()) }()
		_, err := k.call(ctx, cc)
		fmt.Println("the caller got", err)
	}) {
		fmt.Println("the caller hangs")
	}
	if ch, ok := cc.(*inprocchain.Channel); ok {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		if !returns(func() {
			if err := ch.Shutdown(ctx); err != nil {
				fmt.Println(err)
			}
		}) {
			fmt.Println("Shutdown hangs")
		}
	}
	os.Exit(0)
}
