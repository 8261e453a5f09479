package inprocchain_test

import (
	"context"
	"errors"
	"fmt"
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

func TestNewClientRunsItsOwnClientSideAndTheSharedServerSide(t *testing.T) {
	t.Parallel()
	var firstOrder, secondOrder order
	ch := newChannel(firstOrder.chain())
	clientOnly := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(secondOrder.unaryClient("second client")),
		inprocchain.WithStreamClientInterceptors(secondOrder.streamClient("second client")),
		inprocchain.WithClientStatsHandlers(beginRecorder{order: &secondOrder, name: "second client's stats"}),
	)
	second := ch.NewClient(clientOnly)
	third := ch.NewClient()
	for _, test := range []struct {
		name                  string
		cc                    grpc.ClientConnInterface
		wantFirst, wantSecond []string
	}{
		{"first", ch, bothSides, nil},
		{"second", second, serverSide, []string{"second client", "second client's stats"}},
		{"ClientConn of second", second.ClientConn(), serverSide, []string{"second client", "second client's stats"}},
		{"without options", third, serverSide, nil},
		{"ClientConn of first", ch.ClientConn(), bothSides, nil},
	} {
		for kind, call := range calls {
			if err := call(t.Context(), grpchantesting.NewTestServiceClient(test.cc)); err != nil {
				t.Fatalf("%s, %s: %v", test.name, kind, err)
			}
			if got := firstOrder.take(); !slices.Equal(got, test.wantFirst) {
				t.Errorf("%s, %s: the first chain ran %q, want %q", test.name, kind, got, test.wantFirst)
			}
			if got := secondOrder.take(); !slices.Equal(got, test.wantSecond) {
				t.Errorf("%s, %s: the second chain ran %q, want %q", test.name, kind, got, test.wantSecond)
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
	var received record[*grpc.ClientConn]
	ch := textService{}.onChannel()
	second := ch.NewClient(inprocchain.WithUnaryClientInterceptors(
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			received.add(cc)
			return invoker(ctx, method, req, reply, cc, opts...)
		}))
	if second.ClientConn() == ch.ClientConn() {
		t.Fatal("both clients have the same ClientConn")
	}
	if _, err := callText(t.Context(), second, ""); err != nil {
		t.Fatal(err)
	}
	if got := received.get(); len(got) != 1 || got[0] != second.ClientConn() {
		t.Error("the client interceptor did not receive the ClientConn of its client")
	}
	if err := second.ClientConn().Close(); err != nil {
		t.Fatal(err)
	}
	for name, cc := range map[string]grpc.ClientConnInterface{"second Channel": second, "first ClientConn": ch.ClientConn()} {
		if _, err := callText(t.Context(), cc, ""); err != nil {
			t.Errorf("%s, after the second ClientConn was closed: %v", name, err)
		}
	}
}

func TestNewClientHasAddressClonerAndRemoteOfTheChannel(t *testing.T) {
	t.Parallel()
	addr, cloner := address("first:1"), new(countingCloner)
	remote := textService{unary: alwaysReturn("remote")}.onNetwork(t)
	ch := newChannel(inprocchain.WithAddr(addr), inprocchain.WithCloner(cloner), inprocchain.WithRemote(remote))
	inChain := inprocchain.NewChain(inprocchain.WithAddr(address("second:2")), inprocchain.WithCloner(new(countingCloner)), inprocchain.WithRemote(newChannel()))
	for name, client := range map[string]*inprocchain.Client{"without options": ch.NewClient(), "with a chain": ch.NewClient(inChain)} {
		t.Run(name, func(t *testing.T) {
			var p peer.Peer
			before := cloner.count()
			if _, err := grpchantesting.NewTestServiceClient(client).Unary(t.Context(), &grpchantesting.Message{}, grpc.Peer(&p)); err != nil {
				t.Fatal(err)
			}
			if p.Addr != addr {
				t.Errorf("the address of the peer is %v, want %v", p.Addr, addr)
			}
			if cloner.count() == before {
				t.Error("the cloner of the Channel was not used")
			}
			if target := client.ClientConn().Target(); !strings.HasSuffix(target, "/"+addr.String()) {
				t.Errorf("the target of its ClientConn is %q", target)
			}
			if got, err := callText(t.Context(), client, ""); got != "remote" || err != nil {
				t.Errorf("the remote returned %q, %v", got, err)
			}
		})
	}
}

// An address is a net.Addr.
type address string

func (a address) Network() string { return "test" }

func (a address) String() string { return string(a) }

// alwaysReturn returns a handler that returns text.
func alwaysReturn(text string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return text, nil }
}

// A countingCloner counts the messages that it copies.
type countingCloner struct {
	inprocgrpc.ProtoCloner
	copies record[any]
}

func (c *countingCloner) Clone(m any) (any, error) {
	c.copies.add(nil)
	return proto.Clone(m.(proto.Message)), nil
}

func (c *countingCloner) count() int { return len(c.copies.get()) }

func TestDefaultCallOptionsComeBeforeThoseOfTheCall(t *testing.T) {
	t.Parallel()
	service := textService{unary: incomingToken, stream: func(ss grpc.ServerStream) error {
		token, _ := incomingToken(ss.Context(), "")
		return ss.SendMsg(text(token))
	}}
	var received record[int]
	defaults := inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(token("of the client")), grpc.StaticMethod())
	chain := inprocchain.NewChain(defaults,
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			received.add(len(opts))
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
				t.Errorf("%s, %s: the handler received the token %q, %v, want the client's", name, kind, got, err)
			}
			if got, err := call(t.Context(), cc, "", grpc.PerRPCCredentials(token("of the call"))); got != "of the call" || err != nil {
				t.Errorf("%s, %s: the handler received the token %q, %v, want the call's", name, kind, got, err)
			}
		}
	}
	if got, want := received.get(), []int{2, 3, 2, 3, 2, 3, 2, 3}; !reflect.DeepEqual(got, want) {
		t.Errorf("the client interceptor received %v call options, want %v: the defaults, then those of the call", got, want)
	}
	if got, err := callText(t.Context(), first.NewClient(), ""); got != "" || err != nil {
		t.Errorf("a client without default call options sent the token %q, %v, want none", got, err)
	}
}

// A token implements credentials.PerRPCCredentials.
type token string

var _ credentials.PerRPCCredentials = token("")

func (t token) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(t)}, nil
}

func (token) RequireTransportSecurity() bool { return false }

// incomingToken is a unary handler that returns the token of the request.
func incomingToken(ctx context.Context, _ string) (string, error) {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, "authorization"), ","), nil
}

func TestClientsMayBeMadeAndUsedConcurrently(t *testing.T) {
	t.Parallel()
	ch := textService{unary: incomingToken}.onChannel()
	var goroutines sync.WaitGroup
	for i := range 16 {
		goroutines.Go(func() {
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
	goroutines.Wait()
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestNewClientPanicsOnOptionsOfTheServicesAndTheChannel(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]inprocchain.Option{
		"unary interceptor":  inprocchain.WithUnaryServerInterceptors(recoverPanics),
		"stream interceptor": inprocchain.WithStreamServerInterceptors(limiter{}.stream),
		"stats handler":      inprocchain.WithServerStatsHandlers(silent{}),
		"limit":              inprocchain.WithServerMaxRecvMsgSize(1),
		"address":            inprocchain.WithAddr(address("second:2")),
		"cloner":             inprocchain.WithCloner(new(countingCloner)),
		"remote":             inprocchain.WithRemote(newChannel()),
		"remote target":      inprocchain.WithRemoteTarget("passthrough:///other", nil),
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

// On a network, the client would be made with chain.DialOptions() and then its credentials.
func TestNewClientWithAChainIsLikeDialingWithItsOptions(t *testing.T) {
	t.Parallel()
	var o order
	seen := func(ctx context.Context, _ string) (string, error) {
		agent := strings.Join(metadata.ValueFromIncomingContext(ctx, "user-agent"), ",")
		token, err := incomingToken(ctx, "")
		return agent + " " + token, err
	}
	service := textService{unary: seen, stream: func(ss grpc.ServerStream) error {
		text1, err := seen(ss.Context(), "")
		return errors.Join(err, ss.SendMsg(text(text1)))
	}}
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(o.unaryClient("interceptor")),
		inprocchain.WithStreamClientInterceptors(o.streamClient("interceptor")),
		inprocchain.WithClientStatsHandlers(beginRecorder{order: &o, name: "stats"}),
		inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(token("of the chain"))),
		inprocchain.WithUserAgent("module"),
		// These belong to the services and the Channel, and are left out.
		inprocchain.WithUnaryServerInterceptors(o.unaryServer("server")),
		inprocchain.WithStreamServerInterceptors(o.streamServer("server")),
		inprocchain.WithServerStatsHandlers(beginRecorder{order: &o, name: "server stats"}),
		inprocchain.WithServerMaxRecvMsgSize(0),
		inprocchain.WithAddr(address("another:1")),
		inprocchain.WithPeer(peerAt("another:1")),
	)
	own := grpc.PerRPCCredentials(token("of the client"))
	network := service.onNetwork(t, append(chain.DialOptions(), grpc.WithDefaultCallOptions(own))...)
	ch := service.onChannel()
	for name, client := range map[string]*inprocchain.Client{
		"Chain":            ch.NewClient(chain, inprocchain.WithDefaultCallOptions(own)),
		"pointer to Chain": ch.NewClient(&chain, inprocchain.WithDefaultCallOptions(own)),
	} {
		for kind, call := range textCalls {
			got, err := call(t.Context(), client, "hello")
			ran := o.take()
			want, wantErr := call(t.Context(), network, "hello")
			wantRan := o.take()
			if got != want || err != nil || wantErr != nil {
				t.Errorf("%s, %s: the handler saw %q, %v, want %q, %v", name, kind, got, err, want, wantErr)
			}
			if !slices.Equal(ran, wantRan) || len(ran) != 2 {
				t.Errorf("%s, %s: ran %q, want %q", name, kind, ran, wantRan)
			}
		}
	}
}
