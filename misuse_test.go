package inprocchain_test

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

func TestMisusePanicsAndSaysWhatToDo(t *testing.T) {
	t.Parallel()
	unary := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return handler(ctx, req)
	}
	stream := func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, ss)
	}
	for _, test := range []struct {
		name string
		f    func()
		want []string // parts of the message
	}{
		{"a nil unary server interceptor", func() { inprocchain.WithUnaryServerInterceptors(unary, nil) }, []string{"WithUnaryServerInterceptors: interceptor 1 is nil", "leave it out"}},
		{"a nil stream server interceptor", func() { inprocchain.WithStreamServerInterceptors(nil) }, []string{"WithStreamServerInterceptors: interceptor 0 is nil"}},
		{"a nil unary client interceptor", func() { inprocchain.WithUnaryClientInterceptors(nil) }, []string{"WithUnaryClientInterceptors: interceptor 0 is nil"}},
		{"a nil stream client interceptor", func() { inprocchain.WithStreamClientInterceptors(nil) }, []string{"WithStreamClientInterceptors: interceptor 0 is nil"}},
		{"a nil server stats handler", func() { inprocchain.WithServerStatsHandlers(nil) }, []string{"WithServerStatsHandlers: handler 0 is nil"}},
		{"a nil client stats handler", func() { inprocchain.WithClientStatsHandlers(nil) }, []string{"WithClientStatsHandlers: handler 0 is nil"}},
		{"a nil cloner", func() { inprocchain.WithCloner(nil) }, []string{"WithCloner: cloner is nil"}},
		{"a nil option", func() { inprocchain.NewChain(inprocchain.Chain{}, nil) }, []string{"NewChain: option 1 is nil"}},
		{"a nil option to New", func() { inprocchain.New(nil) }, []string{"New: option 0 is nil"}},
		{"no registrar", func() { inprocchain.MultiRegistrar() }, []string{"MultiRegistrar: no registrar is given"}},
		{"a nil registrar", func() { inprocchain.MultiRegistrar(inprocchain.New(), nil) }, []string{"MultiRegistrar: registrar 1 is nil"}},
		{"a registrar that is a nil server", func() {
			inprocchain.MultiRegistrar(inprocchain.New(), (*grpc.Server)(nil))
		}, []string{"MultiRegistrar: registrar 1 is nil"}},
		{"a registrar that is a nil Channel", func() {
			inprocchain.MultiRegistrar((*inprocchain.Channel)(nil))
		}, []string{"MultiRegistrar: registrar 0 is nil"}},
		{"a nil default call option", func() { inprocchain.WithDefaultCallOptions(grpc.StaticMethod(), nil) }, []string{"WithDefaultCallOptions: option 1 is nil"}},
		{"a nil address", func() { inprocchain.WithAddr(nil) }, []string{"WithAddr: addr is nil", "default"}},
		{"a typed nil address", func() { inprocchain.WithAddr((*net.TCPAddr)(nil)) }, []string{"WithAddr: addr is nil"}},
		{"a nil remote", func() { inprocchain.WithRemote(nil) }, []string{"WithRemote: conn is nil", "leave the option out"}},
		{"a remote that is a nil ClientConn", func() { inprocchain.WithRemote((*grpc.ClientConn)(nil)) }, []string{"WithRemote: conn is nil"}},
		{"Wrap of nil", func() { inprocchain.Wrap(nil) }, []string{"Wrap: ch is nil", "call New"}},
		{"Wrap of a channel with a unary interceptor", func() {
			inprocchain.Wrap((&inprocgrpc.Channel{}).WithServerUnaryInterceptor(unary))
		}, []string{"Wrap: ch already has", "unary", "WithUnaryServerInterceptors"}},
		{"Wrap of a channel with a stream interceptor", func() {
			inprocchain.Wrap((&inprocgrpc.Channel{}).WithServerStreamInterceptor(stream))
		}, []string{"Wrap: ch already has", "stream", "WithStreamServerInterceptors"}},
		{"Wrap of a channel with a server stats handler", func() {
			inprocchain.Wrap((&inprocgrpc.Channel{}).WithServerStatsHandler(silent{}))
		}, []string{"Wrap: ch already has", "server", "WithServerStatsHandlers"}},
		{"Wrap of a channel with a client stats handler", func() {
			inprocchain.Wrap((&inprocgrpc.Channel{}).WithClientStatsHandler(silent{}))
		}, []string{"Wrap: ch already has", "client", "WithClientStatsHandlers"}},
		{"Wrap of a channel with a cloner", func() {
			inprocchain.Wrap((&inprocgrpc.Channel{}).WithCloner(inprocgrpc.ProtoCloner{}))
		}, []string{"Wrap: ch already has a cloner", "WithCloner"}},
		{"Wrap of a wrapped channel", func() { inprocchain.Wrap(inprocchain.New().InProcess()) }, []string{"Wrap: ch already has", "one Wrap"}},
		{"a nil description", func() { inprocchain.New().RegisterService(nil, 1) }, []string{"RegisterService: desc is nil"}},
		{"a service registered after NewServer", func() {
			ch := inprocchain.New()
			ch.NewServer()
			grpchantesting.RegisterTestServiceServer(ch, &grpchantesting.TestServer{})
		}, []string{"RegisterService: grpchantesting.TestService is registered after NewServer", "register every service before"}},
		{"a service that is elsewhere", func() {
			ch := inprocchain.New(inprocchain.WithRemoteTarget("passthrough:///other", []string{"grpchantesting.TestService"}, insecureDial))
			grpchantesting.RegisterTestServiceServer(ch, &grpchantesting.TestServer{})
		}, []string{"RegisterService: WithRemoteTarget sends the RPCs of grpchantesting.TestService to passthrough:///other", "here or there"}},
		{"a target without credentials", func() {
			inprocchain.New(inprocchain.WithRemoteTarget("passthrough:///other", nil))
		}, []string{"New: grpc.NewClient refuses the target", "passthrough:///other", "no transport security"}},
		{"a target that cannot be parsed", func() {
			inprocchain.Wrap(new(inprocgrpc.Channel), inprocchain.WithRemoteTarget("\x00", nil, insecureDial))
		}, []string{"Wrap: grpc.NewClient refuses the target"}},
		{"an empty target", func() { inprocchain.WithRemoteTarget("", nil, insecureDial) }, []string{"WithRemoteTarget: target is empty", "pass the address"}},
		{"a target of no service", func() { inprocchain.WithRemoteTarget("other", []string{}) }, []string{"WithRemoteTarget: services is empty", "nil for all"}},
		{"a target of a service without a name", func() { inprocchain.WithRemoteTarget("other", []string{""}) }, []string{"WithRemoteTarget: service 0 is empty"}},
		{"a target with a nil option", func() { inprocchain.WithRemoteTarget("other", nil, nil) }, []string{"WithRemoteTarget: option 0 is nil"}},
		{"a nil peer function", func() { inprocchain.WithPeer(nil) }, []string{"WithPeer: f is nil", "leave the option out"}},
		{"a negative limit", func() { inprocchain.WithServerMaxRecvMsgSize(-1) }, []string{"WithServerMaxRecvMsgSize: n is -1", "in bytes"}},
		{"a nil server option", func() { inprocchain.New().NewServer(nil) }, []string{"NewServer: option 0 is nil"}},
		{"a service registered twice", func() {
			grpchantesting.RegisterTestServiceServer(newChannel(), &grpchantesting.TestServer{})
		}, []string{"RegisterService: grpchantesting.TestService is registered already"}},
		{"a service registered after an RPC", func() {
			ch := inprocchain.New()
			_ = ch.Invoke(context.Background(), "/no/such", nil, &grpchantesting.Message{})
			grpchantesting.RegisterTestServiceServer(ch, &grpchantesting.TestServer{})
		}, []string{"RegisterService: grpchantesting.TestService is registered after the first RPC, which was /no/such;", "register every service before any RPC"}},
		{"a service registered after an RPC on InProcess", func() {
			ch := newChannel()
			_ = ch.InProcess().Invoke(context.Background(), "/grpchantesting.TestService/Unary", &grpchantesting.Message{}, &grpchantesting.Message{})
			desc := grpchantesting.TestService_ServiceDesc
			desc.ServiceName = "another"
			ch.RegisterService(&desc, &grpchantesting.TestServer{})
		}, []string{"RegisterService: another is registered after the first RPC, which was /grpchantesting.TestService/Unary;"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := fmt.Sprint(catch(test.f))
			for _, want := range append(test.want, "inprocchain: ") {
				if !strings.Contains(got, want) {
					t.Errorf("panics with %q, which does not contain %q", got, want)
				}
			}
			if !strings.HasPrefix(got, "inprocchain: ") {
				t.Errorf("panics with %q, which does not begin with the name of the package", got)
			}
		})
	}
}

// The message must not name an interceptor that the caller has not set.
func TestWrappingAChannelTwicePanics(t *testing.T) {
	t.Parallel()
	for name, ch := range map[string]*inprocgrpc.Channel{
		"New":            inprocchain.New().InProcess(),
		"New with stats": inprocchain.New(inprocchain.WithServerStatsHandlers(silent{})).InProcess(),
		"Wrap":           inprocchain.Wrap(&inprocgrpc.Channel{}).InProcess(),
	} {
		got := fmt.Sprint(catch(func() { inprocchain.Wrap(ch) }))
		want := "inprocchain: Wrap: ch already has a chain, from New or an earlier Wrap; pass everything to one Wrap, or call NewClient on the Channel that it returned"
		if got != want {
			t.Errorf("%s: Wrap panics with\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestMethodsOfANilOrZeroChannelPanic(t *testing.T) {
	t.Parallel()
	for method, call := range map[string]func(*inprocchain.Channel){
		"Invoke":          func(ch *inprocchain.Channel) { _, _ = callText(t.Context(), ch, "") },
		"NewStream":       func(ch *inprocchain.Channel) { _, _ = openText(t.Context(), ch) },
		"RegisterService": func(ch *inprocchain.Channel) { textService{}.register(ch) },
		"GetServiceInfo":  func(ch *inprocchain.Channel) { ch.GetServiceInfo() },
		"Unwrap":          func(ch *inprocchain.Channel) { ch.Unwrap() },
		"InProcess":       func(ch *inprocchain.Channel) { ch.InProcess() },
		"Chain":           func(ch *inprocchain.Channel) { ch.Chain() },
		"ClientConn":      func(ch *inprocchain.Channel) { ch.ClientConn() },
		"NewClient":       func(ch *inprocchain.Channel) { ch.NewClient() },
		"NewServer":       func(ch *inprocchain.Channel) { ch.NewServer() },
		"Shutdown":        func(ch *inprocchain.Channel) { _ = ch.Shutdown(t.Context()) },
		"Close":           func(ch *inprocchain.Channel) { _ = ch.Close() },
	} {
		for name, ch := range map[string]*inprocchain.Channel{"zero": {}, "nil": nil} {
			want := "inprocchain: Channel." + method + ": the Channel is nil or zero; make it with New or Wrap"
			if got := fmt.Sprint(catch(func() { call(ch) })); got != want {
				t.Errorf("%s of a %s Channel panics with\n%s\nwant\n%s", method, name, got, want)
			}
		}
	}
	channel := reflect.TypeFor[*inprocchain.Channel]()
	if got := channel.NumMethod(); got != 13 {
		t.Errorf("Channel has %d methods, but this test calls 12, all but String", got)
	}
}

func TestMethodsOfANilOrZeroClientPanic(t *testing.T) {
	t.Parallel()
	for method, call := range map[string]func(*inprocchain.Client){
		"Invoke":     func(client *inprocchain.Client) { _, _ = callText(t.Context(), client, "") },
		"NewStream":  func(client *inprocchain.Client) { _, _ = openText(t.Context(), client) },
		"Unwrap":     func(client *inprocchain.Client) { client.Unwrap() },
		"Chain":      func(client *inprocchain.Client) { client.Chain() },
		"ClientConn": func(client *inprocchain.Client) { client.ClientConn() },
		"Close":      func(client *inprocchain.Client) { _ = client.Close() },
	} {
		for name, client := range map[string]*inprocchain.Client{"zero": {}, "nil": nil} {
			want := "inprocchain: Client." + method + ": the Client is nil or zero; make it with NewClient of a Channel"
			if got := fmt.Sprint(catch(func() { call(client) })); got != want {
				t.Errorf("%s of a %s Client panics with\n%s\nwant\n%s", method, name, got, want)
			}
		}
	}
	if got := reflect.TypeFor[*inprocchain.Client]().NumMethod(); got != 7 {
		t.Errorf("Client has %d methods, but this test calls 6, all but String", got)
	}
}

var insecureDial = grpc.WithTransportCredentials(insecure.NewCredentials())

// It is not parallel: grpchan's cases cancel RPCs 400 ms before their handlers respond, and
// parallel tests that keep all cores busy can take longer than that.
func TestWrapReplacesTheClonerOfTheChannel(t *testing.T) {
	cloner := inprocgrpc.ProtoCloner{}
	ch := inprocchain.Wrap((&inprocgrpc.Channel{}).WithCloner(cloner), inprocchain.WithCloner(cloner))
	grpchantesting.RegisterTestServiceServer(ch, &grpchantesting.TestServer{})
	grpchantesting.RunChannelTestCases(t, ch, true)
}

// Wrap reads unexported fields. If this test fails, grpchan has renamed, added or
// removed a field, and Wrap must be adapted.
func TestWrapChecksEveryFieldOfTheChannel(t *testing.T) {
	t.Parallel()
	var got []string
	channel := reflect.TypeFor[inprocgrpc.Channel]()
	for i := range channel.NumField() {
		got = append(got, channel.Field(i).Name)
	}
	want := []string{"handlers", "unaryInterceptor", "streamInterceptor", "cloner", "clientStatsHandler", "serverStatsHandler"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("inprocgrpc.Channel has the fields %q, want %q", got, want)
	}
}

// silent is a stats handler that does nothing.
type silent struct{ testservice.NoStats }
