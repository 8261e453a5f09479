package inprocchain_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// notEOF returns err, or nil if err is io.EOF.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func TestExtendingAChainDoesNotChangeIt(t *testing.T) {
	t.Parallel()
	var o order
	base := o.chain()
	var goroutines sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		goroutines.Go(func() {
			var ran order
			extended := inprocchain.NewChain(base, inprocchain.WithUnaryServerInterceptors(
				func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
					ran.add(name)
					return handler(ctx, req)
				}))
			if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(newChannel(extended))); err != nil {
				t.Error(err)
			}
			if got := ran.take(); len(got) != 1 || got[0] != name {
				t.Errorf("the chain extended by %s ran %q", name, got)
			}
		})
	}
	goroutines.Wait()
	o.take()
	if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(newChannel(base))); err != nil {
		t.Fatal(err)
	}
	if got := o.take(); len(got) != len(bothSides) {
		t.Errorf("base now runs %q", got)
	}
}

func TestOptionsCopyTheirArguments(t *testing.T) {
	t.Parallel()
	var o order
	named := func(name string) grpc.UnaryServerInterceptor {
		return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			o.add(name)
			return handler(ctx, req)
		}
	}
	interceptors := []grpc.UnaryServerInterceptor{named("before")}
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(interceptors...))
	interceptors[0] = named("after")
	if err := calls["unary"](t.Context(), grpchantesting.NewTestServiceClient(newChannel(chain))); err != nil {
		t.Fatal(err)
	}
	if got := o.take(); len(got) != 1 || got[0] != "before" {
		t.Errorf("ran %q, want the interceptor that was passed to the option", got)
	}
}

func TestCombinedInterceptorsRunInTheOrderOfTheChain(t *testing.T) {
	t.Parallel()
	var o order
	chain := o.chain()
	server := grpc.NewServer(
		grpc.UnaryInterceptor(chain.UnaryServerInterceptor()),
		grpc.StreamInterceptor(chain.StreamServerInterceptor()),
	)
	grpchantesting.RegisterTestServiceServer(server, &grpchantesting.TestServer{})
	cc := testservice.Dial(t, server,
		grpc.WithUnaryInterceptor(chain.UnaryClientInterceptor()),
		grpc.WithStreamInterceptor(chain.StreamClientInterceptor()),
	)
	want := []string{"client interceptor 1", "client interceptor 2", "server interceptor 1", "server interceptor 2"}
	for kind, call := range calls {
		if err := call(t.Context(), grpchantesting.NewTestServiceClient(cc)); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if got := strings.Join(o.take(), ", "); got != strings.Join(want, ", ") {
			t.Errorf("%s: ran %s, want %s", kind, got, want)
		}
	}
}

func TestChainWithoutInterceptorsReturnsNil(t *testing.T) {
	t.Parallel()
	stats := inprocchain.NewChain(inprocchain.WithServerStatsHandlers(silent{}), inprocchain.WithClientStatsHandlers(silent{}))
	for name, chain := range map[string]inprocchain.Chain{"the zero Chain": {}, "only stats handlers": stats} {
		if chain.UnaryServerInterceptor() != nil || chain.StreamServerInterceptor() != nil ||
			chain.UnaryClientInterceptor() != nil || chain.StreamClientInterceptor() != nil {
			t.Errorf("%s: a combined interceptor is not nil", name)
		}
	}
	if opts := (inprocchain.Chain{}).ServerOptions(); len(opts) != 0 {
		t.Errorf("the zero Chain has %d server options", len(opts))
	}
	if opts := (inprocchain.Chain{}).DialOptions(); len(opts) != 0 {
		t.Errorf("the zero Chain has %d dial options", len(opts))
	}
}

func recoverPanics(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

//go:noinline
func audit() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
}

type limiter struct{}

func (limiter) stream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, ss)
}

func typed[T any](ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func TestStringListsTheChain(t *testing.T) {
	t.Parallel()
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(recoverPanics, audit()),
		inprocchain.WithStreamServerInterceptors(limiter{}.stream),
		inprocchain.WithServerStatsHandlers(silent{}),
		inprocchain.WithUnaryClientInterceptors(typed[int]),
		inprocchain.WithClientStatsHandlers(&beginRecorder{}, silent{}),
	)
	want := strings.TrimPrefix(`
client   unary                            stream
  1      inprocchain_test.typed           -
  stats  *inprocchain_test.beginRecorder  *inprocchain_test.beginRecorder
  stats  inprocchain_test.silent          inprocchain_test.silent
server   unary                           stream
  stats  inprocchain_test.silent         inprocchain_test.silent
  1      inprocchain_test.recoverPanics  inprocchain_test.limiter.stream
  2      inprocchain_test.audit          -
`, "\n")
	if got := chain.String(); got != want {
		t.Errorf("String() is\n%s\nwant\n%s", got, want)
	}
	if got, want := (inprocchain.Chain{}).String(), "client: nothing\nserver: nothing\n"; got != want {
		t.Errorf("the zero Chain's String() is %q, want %q", got, want)
	}
}

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
	here := regexp.MustCompile(`inprocchain_test\.TestStringTellsClosuresOfOneFunctionApart \(chain_test\.go:\d+\)`)
	if found := here.FindAllString(text, -1); len(found) != 2 || found[0] == found[1] {
		t.Errorf("the closures are not told apart by %q:\n%s", found, text)
	}
	if strings.Count(text, "inprocchain_test.audit ") != 2 || strings.Contains(text, "inprocchain_test.audit (") {
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
			if !strings.HasPrefix(got, "inprocchain."+what+" at inproc:1 with services [test.Service]\nclient ") || pointer.MatchString(got) {
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
