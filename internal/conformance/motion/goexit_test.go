package motion_test

import (
	"context"
	"runtime"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// If runtime.Goexit ends the goroutine of a handler, the caller gets an answer, wherever on
// the server's side it was called. On a network the caller waits forever: see
// docs/differences.md.
func TestGoexitIsAnswered(t *testing.T) {
	t.Parallel()
	interceptors := func(around func(handler func() error) error) (inprocchain.Chain, service) {
		return serverInterceptors(around), service{}
	}
	for place, make := range map[string]func() (inprocchain.Chain, service){
		"handler": func() (inprocchain.Chain, service) {
			return inprocchain.Chain{}, handle(func(context.Context) error { runtime.Goexit(); return nil })
		},
		"handler, which ends its panic": func() (inprocchain.Chain, service) {
			return inprocchain.Chain{}, handle(func(context.Context) error {
				defer runtime.Goexit()
				panic("ended by Goexit")
			})
		},
		"handler, which recovers before": func() (inprocchain.Chain, service) {
			return inprocchain.Chain{}, handle(func(context.Context) error {
				func() {
					defer func() { _ = recover() }()
					panic("recovered")
				}()
				runtime.Goexit()
				return nil
			})
		},
		"interceptor": func() (inprocchain.Chain, service) {
			return interceptors(func(func() error) error { runtime.Goexit(); return nil })
		},
		"interceptor, after the handler": func() (inprocchain.Chain, service) {
			return interceptors(func(handler func() error) error {
				_ = handler()
				runtime.Goexit()
				return nil
			})
		},
		"stats handler, TagRPC":     exitsAt("TagRPC"),
		"stats handler, InHeader":   exitsAt("InHeader"),
		"stats handler, Begin":      exitsAt("Begin"),
		"stats handler, InPayload":  exitsAt("InPayload"),
		"stats handler, OutHeader":  exitsAt("OutHeader"),
		"stats handler, OutPayload": exitsAt("OutPayload"),
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			chain, s := make()
			ch := newChannel(t, chain, s.register)
			for _, k := range kinds {
				if err := callWithin(t, k, ch); status.Code(err) != codes.Internal {
					t.Errorf("%s: %v, want Internal", k.name, err)
				}
			}
		})
	}
}

// If it is a stats handler that exits, after the answer has been sent, the caller gets the answer.
func TestGoexitAfterAnswer(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"OutTrailer", "End"} {
		chain, s := exitsAt(event)()
		for _, conn := range connections(t, chain, s.register) {
			for _, k := range kinds {
				if err := callWithin(t, k, conn.Conn); err != nil {
					t.Errorf("%s at %s, %s: %v", conn.Name, event, k.name, err)
				}
			}
		}
	}
}

func exitsAt(event string) func() (inprocchain.Chain, service) {
	return func() (inprocchain.Chain, service) {
		return inprocchain.NewChain(inprocchain.WithServerStatsHandlers(at(event, runtime.Goexit))), service{}
	}
}

// callWithin makes an RPC that must end within the limit.
func callWithin(t *testing.T, k kind, cc grpc.ClientConnInterface) error {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	_, err := k.call(ctx, cc)
	return err
}
