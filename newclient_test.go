package inprocchain_test

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/inprocchain/inprocchain"
)

func TestNewClientHasItsOwnClientSideAndTheServicesOwnServerSide(t *testing.T) {
	t.Parallel()
	var first, second order
	ch := newChannel(first.chain())
	clientOnly := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(second.unaryClient("another client")),
		inprocchain.WithStreamClientInterceptors(second.streamClient("another client")),
		inprocchain.WithClientStatsHandlers(beginning{&second, "another client's stats"}),
	)
	another := ch.NewClient(clientOnly)
	plain := another.NewClient()
	for _, client := range []struct {
		name              string
		cc                grpc.ClientConnInterface
		onFirst, onSecond []string
	}{
		{"first", ch, bothSides, nil},
		{"another", another, serverSide, []string{"another client", "another client's stats"}},
		{"ClientConn of another", another.ClientConn(), serverSide, []string{"another client", "another client's stats"}},
		{"client of another without options", plain, serverSide, nil},
		{"ClientConn of the first", ch.ClientConn(), bothSides, nil},
	} {
		for kind, call := range calls {
			if err := call(t.Context(), grpchantesting.NewTestServiceClient(client.cc)); err != nil {
				t.Fatalf("%s, %s: %v", client.name, kind, err)
			}
			if got := first.take(); !slices.Equal(got, client.onFirst) {
				t.Errorf("%s, %s: the first chain ran %q, want %q", client.name, kind, got, client.onFirst)
			}
			if got := second.take(); !slices.Equal(got, client.onSecond) {
				t.Errorf("%s, %s: the other chain ran %q, want %q", client.name, kind, got, client.onSecond)
			}
		}
	}
}

func (o *order) unaryClient(name string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		o.add(name)
		return invoker(ctx, method, req, reply, cc, opts...)
	}
}

func (o *order) streamClient(name string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		o.add(name)
		return streamer(ctx, desc, cc, method, opts...)
	}
}

func TestNewClientHasItsOwnClientConn(t *testing.T) {
	t.Parallel()
	var seen record[*grpc.ClientConn]
	ch := textService{}.onChannel()
	another := ch.NewClient(inprocchain.WithUnaryClientInterceptors(
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			seen.add(cc)
			return invoker(ctx, method, req, reply, cc, opts...)
		}))
	if another.ClientConn() == ch.ClientConn() {
		t.Fatal("both clients have the same ClientConn")
	}
	if _, err := callText(t.Context(), another, ""); err != nil {
		t.Fatal(err)
	}
	if got := seen.get(); len(got) != 1 || got[0] != another.ClientConn() {
		t.Error("the client interceptor did not receive the ClientConn of its client")
	}
	if err := another.ClientConn().Close(); err != nil {
		t.Fatal(err)
	}
	for name, cc := range map[string]grpc.ClientConnInterface{"the client itself": another, "the first ClientConn": ch.ClientConn()} {
		if _, err := callText(t.Context(), cc, ""); err != nil {
			t.Errorf("%s, after the ClientConn of another client was closed: %v", name, err)
		}
	}
}

func TestNewClientInheritsAddressClonerAndFallback(t *testing.T) {
	t.Parallel()
	firstAddr, otherAddr := address("first:1"), address("other:2")
	firstCopies, otherCopies := new(countingCloner), new(countingCloner)
	firstFallback := textService{unary: answering("first")}.onNetwork(t)
	otherFallback := textService{unary: answering("other")}.onNetwork(t)
	ch := newChannel(inprocchain.WithAddr(firstAddr), inprocchain.WithCloner(firstCopies), inprocchain.WithFallback(firstFallback))
	for _, client := range []struct {
		name     string
		channel  *inprocchain.Channel
		addr     net.Addr
		copies   *countingCloner
		fallback string
	}{
		{"without options", ch.NewClient(), firstAddr, firstCopies, "first"},
		{"with its own", ch.NewClient(inprocchain.WithAddr(otherAddr), inprocchain.WithCloner(otherCopies), inprocchain.WithFallback(otherFallback)), otherAddr, otherCopies, "other"},
		{"of a client without options", ch.NewClient().NewClient(), firstAddr, firstCopies, "first"},
	} {
		t.Run(client.name, func(t *testing.T) {
			var from peer.Peer
			before := client.copies.count()
			if _, err := grpchantesting.NewTestServiceClient(client.channel).Unary(t.Context(), &grpchantesting.Message{}, grpc.Peer(&from)); err != nil {
				t.Fatal(err)
			}
			if from.Addr != client.addr {
				t.Errorf("the peer is %v, want %v", from.Addr, client.addr)
			}
			if client.copies.count() == before {
				t.Error("its cloner copied nothing")
			}
			if target := client.channel.ClientConn().Target(); !strings.HasSuffix(target, "/"+client.addr.String()) {
				t.Errorf("the target of its ClientConn is %q", target)
			}
			if got, err := callText(t.Context(), client.channel, ""); got != client.fallback || err != nil {
				t.Errorf("the fallback returned %q, %v, want %q", got, err, client.fallback)
			}
		})
	}
}

type address string

func (a address) Network() string { return "test" }
func (a address) String() string  { return string(a) }

func answering(text string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return text, nil }
}

// A countingCloner counts the messages that it copies.
type countingCloner struct {
	inprocgrpc.ProtoCloner
	copied record[any]
}

func (c *countingCloner) Clone(m any) (any, error) {
	c.copied.add(nil)
	return proto.Clone(m.(proto.Message)), nil
}

func (c *countingCloner) count() int { return len(c.copied.get()) }

func TestDefaultCallOptionsComeBeforeThoseOfTheCall(t *testing.T) {
	t.Parallel()
	service := textService{unary: incomingToken, stream: func(ss grpc.ServerStream) error {
		token, _ := incomingToken(ss.Context(), "")
		return ss.SendMsg(text(token))
	}}
	var seen record[int]
	defaults := inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(token("of the client")), grpc.StaticMethod())
	chain := inprocchain.NewChain(defaults,
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			seen.add(len(opts))
			return invoker(ctx, method, req, reply, cc, opts...)
		}))
	first := service.onChannel(chain)
	for name, cc := range map[string]grpc.ClientConnInterface{
		"network":    service.onNetwork(t, chain.DialOptions()...),
		"Channel":    first,
		"ClientConn": first.ClientConn(),
		"NewClient":  service.onChannel().NewClient(chain),
	} {
		for kind, call := range textCalls {
			if got, err := call(t.Context(), cc, ""); got != "of the client" || err != nil {
				t.Errorf("%s, %s: the handler received %q, %v, want the client's token", name, kind, got, err)
			}
			if got, err := call(t.Context(), cc, "", grpc.PerRPCCredentials(token("of the call"))); got != "of the call" || err != nil {
				t.Errorf("%s, %s: the handler received %q, %v, want the call's token", name, kind, got, err)
			}
		}
	}
	if got, want := seen.get(), []int{2, 3, 2, 3, 2, 3, 2, 3}; !reflect.DeepEqual(got, want) {
		t.Errorf("client interceptors saw %v call options, want %v: the defaults, and then those of the call", got, want)
	}
	if got, err := callText(t.Context(), first.NewClient(), ""); got != "" || err != nil {
		t.Errorf("another client sent %q, %v, want no token", got, err)
	}
}

// A token is per-RPC credentials.
type token string

var _ credentials.PerRPCCredentials = token("")

func (t token) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(t)}, nil
}

func (token) RequireTransportSecurity() bool { return false }

func incomingToken(ctx context.Context, _ string) (string, error) {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, "authorization"), ","), nil
}

func TestClientsMayBeMadeAndUsedConcurrently(t *testing.T) {
	t.Parallel()
	ch := textService{unary: incomingToken}.onChannel()
	var clients sync.WaitGroup
	for i := range 16 {
		clients.Go(func() {
			want := fmt.Sprint("client ", i)
			client := ch.NewClient(inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(token(want))))
			for _, cc := range []grpc.ClientConnInterface{client, client.ClientConn()} {
				for range 20 {
					if got, err := callText(t.Context(), cc, ""); got != want || err != nil {
						t.Errorf("the handler received %q, %v, want %q", got, err, want)
					}
				}
			}
		})
	}
	clients.Wait()
	if err := ch.NewClient().Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestNewClientRefusesOptionsOfTheServerSide(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]inprocchain.Option{
		"unary interceptor":  inprocchain.WithUnaryServerInterceptors(recoverPanics),
		"stream interceptor": inprocchain.WithStreamServerInterceptors(limiter{}.stream),
		"stats handler":      inprocchain.WithServerStatsHandlers(silent{}),
		"a chain with one":   inprocchain.NewChain(inprocchain.WithServerStatsHandlers(silent{})),
	} {
		got := fmt.Sprint(catch(func() { inprocchain.New().NewClient(opt) }))
		if !strings.HasPrefix(got, "inprocchain: NewClient: ") || !strings.Contains(got, "pass it to New or Wrap") {
			t.Errorf("%s: NewClient panics with %q", name, got)
		}
	}
	if got := fmt.Sprint(catch(func() { inprocchain.New().NewClient(nil) })); !strings.HasPrefix(got, "inprocchain: NewClient: option 0 is nil") {
		t.Errorf("a nil option: NewClient panics with %q", got)
	}
}
