package reliability_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// setHook has, for each With… method of an inprocgrpc.Channel, a call that would
// replace a part of the chain.
var setHook = map[string]func(*inprocgrpc.Channel){
	"WithServerUnaryInterceptor": func(ch *inprocgrpc.Channel) {
		ch.WithServerUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		})
	},
	"WithServerStreamInterceptor": func(ch *inprocgrpc.Channel) {
		ch.WithServerStreamInterceptor(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			return handler(srv, ss)
		})
	},
	"WithServerStatsHandler": func(ch *inprocgrpc.Channel) { ch.WithServerStatsHandler(atEnd(func() {})) },
	"WithClientStatsHandler": func(ch *inprocgrpc.Channel) { ch.WithClientStatsHandler(atEnd(func() {})) },
	"WithCloner":             func(ch *inprocgrpc.Channel) { ch.WithCloner(inprocgrpc.ProtoCloner{}) },
}

func TestReplacedChainFailsEveryRPC(t *testing.T) {
	t.Parallel()
	for method, set := range setHook {
		for _, removes := range []bool{false, true} {
			name := method
			if removes {
				if method != "WithServerUnaryInterceptor" {
					continue
				}
				name += " of nil"
				set = func(ch *inprocgrpc.Channel) { ch.WithServerUnaryInterceptor(nil) }
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var handled atomic.Int64
				ch := counting(&handled).onChannel(authenticated)
				other := ch.NewClient()
				below := ch.InProcess()
				set(below)
				for way, cc := range map[string]grpc.ClientConnInterface{
					"Channel": ch, "ClientConn": ch.ClientConn(), "another client": other, "inprocgrpc.Channel": below,
				} {
					for kind, call := range callsOfEachKind {
						err := call(t.Context(), cc, asIs)
						if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "inprocgrpc.Channel."+method+" was called") {
							t.Errorf("%s on the %s: %v, want Internal and the name of the method", kind, way, err)
						}
					}
				}
				if n := handled.Load(); n != 0 {
					t.Errorf("%d handlers ran", n)
				}
			})
		}
	}
}

func TestReplacedChainPanicsWhileBuilding(t *testing.T) {
	t.Parallel()
	for method, set := range setHook {
		for name, build := range map[string]func(*inprocchain.Channel){
			"RegisterService": func(ch *inprocchain.Channel) { ch.RegisterService(scriptedDesc(), scripted{}) },
			"InProcess":       func(ch *inprocchain.Channel) { ch.InProcess() },
			"NewClient":       func(ch *inprocchain.Channel) { ch.NewClient() },
		} {
			t.Run(name+" after "+method, func(t *testing.T) {
				t.Parallel()
				ch := inprocchain.New()
				set(ch.InProcess())
				defer func() {
					text, _ := recover().(string)
					for _, want := range []string{"inprocchain: " + name + ": ", "inprocgrpc.Channel." + method + " was called", "to New or Wrap instead"} {
						if !strings.Contains(text, want) {
							t.Errorf("%s panics with %q, want %q in it", name, text, want)
						}
					}
				}()
				build(ch)
			})
		}
	}
}

// Flipt's server constructor sets the interceptors of the channel that it is given.
// Before, the audit log was empty and every request was served.
func TestConstructorThatSetsInterceptorsOfItsChannelFailsLoudly(t *testing.T) {
	t.Parallel()
	newServer := func(ch *inprocgrpc.Channel, s scripted) grpc.ClientConnInterface {
		ch.WithServerUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		})
		ch.RegisterService(scriptedDesc(), s)
		return ch
	}
	var audited, handled atomic.Int64
	ch := inprocchain.New(inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		audited.Add(1)
		return handler(ctx, req)
	}))
	gateway := newServer(ch.InProcess(), counting(&handled))
	if err := callsOfEachKind["unary"](t.Context(), gateway, asIs); status.Code(err) != codes.Internal {
		t.Errorf("an RPC without the audit log: %v, want Internal", err)
	}
	if handled.Load() != 0 {
		t.Error("the handler ran without the audit log")
	}
}
