package inprocchain_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// limitedClients returns clients of the text service with the chain, over a network and
// in-process.
func limitedClients(t *testing.T, chain inprocchain.Chain, opts ...inprocchain.Option) (network, fromChannel grpc.ClientConnInterface, inProcess map[string]grpc.ClientConnInterface) {
	server := grpc.NewServer(chain.ServerOptions()...)
	textService{}.register(server)
	ch := textService{}.onChannel(append(opts, chain)...)
	return dialServer(t, server), dialServer(t, ch.NewServer()), map[string]grpc.ClientConnInterface{
		"Channel": ch, "ClientConn": ch.ClientConn(), "NewClient": ch.NewClient(), "InProcess": ch.InProcess(),
	}
}

func TestServerRefusesLargeRequestsAsOnANetwork(t *testing.T) {
	t.Parallel()
	const limit = 100 // A text has a tag and its length, of one byte each.
	chain := inprocchain.NewChain(inprocchain.WithServerMaxRecvMsgSize(limit))
	for name, opts := range map[string][]inprocchain.Option{
		"copied": nil, "with a cloner": {inprocchain.WithCloner(new(countingCloner))}, "with stats handlers": {inprocchain.WithServerStatsHandlers(silent{})},
	} {
		network, fromChannel, inProcess := limitedClients(t, chain, opts...)
		inProcess["NewServer"] = fromChannel
		for kind, call := range textCalls {
			for _, size := range []int{0, limit - 2, limit - 1, 10 * limit} {
				text := strings.Repeat("x", size)
				_, want := call(t.Context(), network, text)
				if wantRefused := size > limit-2; wantRefused != (status.Code(want) == codes.ResourceExhausted) {
					t.Fatalf("%s of %d bytes on the network: %v", kind, size, want)
				}
				for client, cc := range inProcess {
					_, got := call(t.Context(), cc, text)
					if status.Code(got) != status.Code(want) || status.Convert(got).Message() != status.Convert(want).Message() {
						t.Errorf("%s, %s of %d bytes on %s: got\n%v, want\n%v", name, kind, size, client, got, want)
					}
				}
			}
		}
	}
}

// The limit is the server's: a response may be larger, and the caller's own limits hold
// beside it.
func TestServerLimitAppliesToRequestsOnly(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 1000)
	service := textService{unary: alwaysReturn(large), stream: func(ss grpc.ServerStream) error { return ss.SendMsg(text(large)) }}
	ch := service.onChannel(inprocchain.WithServerMaxRecvMsgSize(10))
	for name, cc := range map[string]grpc.ClientConnInterface{"Channel": ch, "InProcess": ch.InProcess(), "network": dialServer(t, ch.NewServer())} {
		for kind, call := range textCalls {
			if got, err := call(t.Context(), cc, ""); got != large || err != nil {
				t.Errorf("%s, %s: a response over the limit of requests: %d bytes, %v", name, kind, len(got), err)
			}
			if name == "InProcess" {
				continue // It has no call options of this kind.
			}
			if _, err := call(t.Context(), cc, "", grpc.MaxCallRecvMsgSize(10)); status.Code(err) != codes.ResourceExhausted {
				t.Errorf("%s, %s: a response over the caller's own limit: %v, want ResourceExhausted", name, kind, err)
			}
		}
	}
}

func TestTheLastLimitTakesEffect(t *testing.T) {
	t.Parallel()
	small := inprocchain.NewChain(inprocchain.WithServerMaxRecvMsgSize(0))
	for name, chain := range map[string]inprocchain.Chain{
		"an option":          inprocchain.NewChain(small, inprocchain.WithServerMaxRecvMsgSize(100)),
		"a chain":            inprocchain.NewChain(small, inprocchain.NewChain(inprocchain.WithServerMaxRecvMsgSize(100))),
		"a chain without it": inprocchain.NewChain(inprocchain.WithServerMaxRecvMsgSize(100), inprocchain.NewChain()),
	} {
		network, fromChannel, inProcess := limitedClients(t, chain)
		inProcess["network"], inProcess["NewServer"] = network, fromChannel
		for client, cc := range inProcess {
			if _, err := callText(t.Context(), cc, "hello"); err != nil {
				t.Errorf("%s, %s: %v", name, client, err)
			}
		}
	}
}
