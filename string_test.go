package inprocchain_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain"
)

func usualPeer(context.Context) *peer.Peer { return nil }

// fullChain returns a chain with every option, and secrets in those that can have them.
func fullChain() inprocchain.Chain {
	secret := metadata.Pairs("authorization", "secret")
	return inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(passClient),
		inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(token("secret")), grpc.Header(&secret)),
		inprocchain.WithUserAgent("billing"),
		inprocchain.WithServerMaxRecvMsgSize(100),
		inprocchain.WithAddr(address("inproc:1")),
		inprocchain.WithCloner(new(countingCloner)),
		inprocchain.WithSharedMessages(),
		inprocchain.WithPeer(usualPeer),
		inprocchain.WithRemote(newChannel()),
		inprocchain.WithRemoteTarget("dns:///flags:9000", []string{"flags.v1.Flags"}, insecureDial, grpc.WithPerRPCCredentials(token("secret"))),
	)
}

const fullText = `client  unary                        stream
  1     inprocchain_test.passClient  -
  call options: grpc.PerRPCCredsCallOption, grpc.HeaderCallOption
  user agent: billing
server
  largest request: 100 bytes
in-process
  address: inproc:1
  cloner: *inprocchain_test.countingCloner
  messages: shared
  peer: inprocchain_test.usualPeer
  remote: *inprocchain.Channel for services that are not registered
  remote: dns:///flags:9000 for [flags.v1.Flags]
`

func TestStringListsEveryOptionWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	if got := fullChain().String(); got != fullText {
		t.Errorf("String() is\n%s\nwant\n%s", got, fullText)
	}
}

func TestLoggersPrintTheTextOfAChain(t *testing.T) {
	t.Parallel()
	chain := fullChain()
	for name, newHandler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(out *bytes.Buffer) slog.Handler { return slog.NewTextHandler(out, nil) },
		"JSON": func(out *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(out, nil) },
	} {
		var out bytes.Buffer
		slog.New(newHandler(&out)).Info("starting", "chain", chain)
		if want := strings.Trim(fmt.Sprintf("%q", fullText), `"`); !strings.Contains(out.String(), want) {
			t.Errorf("the %s handler printed\n%s\nwant it to contain\n%s", name, &out, want)
		}
	}
}

func TestStringTellsClosuresOfOneFunctionApart(t *testing.T) {
	t.Parallel()
	same := audit()
	text := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		}),
		inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		}, same, same),
	).String()
	here := regexp.MustCompile(`inprocchain_test\.TestStringTellsClosuresOfOneFunctionApart \(string_test\.go:\d+\)`)
	if found := here.FindAllString(text, -1); len(found) != 2 || found[0] == found[1] {
		t.Errorf("the closures are not told apart by %q:\n%s", found, text)
	}
	if strings.Count(text, "inprocchain_test.audit ") != 2 || strings.Contains(text, "chain_test.go") {
		t.Errorf("a function that is listed twice has a position:\n%s", text)
	}
}

func TestPrintingAChannelOrClientShowsItsServicesAndNoPointers(t *testing.T) {
	t.Parallel()
	ch := textService{}.onChannel(fullChain())
	client := ch.NewClient(fullChain())
	pointer := regexp.MustCompile(`0x[0-9a-f]+|secret`)
	for what, v := range map[string]any{"Channel": ch, "Client": client} {
		for _, verb := range []string{"%v", "%+v", "%s"} {
			got := fmt.Sprintf(verb, v)
			if !strings.HasPrefix(got, "inprocchain."+what+" at inproc:1 with services [test.Text]\nclient ") || pointer.MatchString(got) {
				t.Errorf("%s of a %s is\n%s", verb, what, got)
			}
		}
	}
	for want, v := range map[string]any{
		"inprocchain.Channel(none)": new(inprocchain.Channel), "inprocchain.Client(none)": (*inprocchain.Client)(nil),
	} {
		if got := fmt.Sprint(v); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A new field of Chain needs a line in the text. If this test fails, add the option to fullChain
// and its line to fullText, and then correct the number.
func TestStringKnowsEveryFieldOfAChain(t *testing.T) {
	t.Parallel()
	if got, want := reflect.TypeFor[inprocchain.Chain]().NumField(), 14; got != want {
		t.Errorf("Chain has %d fields, want %d", got, want)
	}
}
