package telemetry_test

import (
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// The Channel has the address of a listener. Service maps then show the same server
// for RPCs over TCP and in-process.
func TestSpansHaveTheAddressOfTheServerAsOverTCP(t *testing.T) {
	t.Parallel()
	observer, service := newObserver(), newService()
	server := grpc.NewServer(observer.chain().ServerOptions()...)
	service.register(server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	overTCP, err := grpc.NewClient(listener.Addr().String(), append(observer.chain().DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { overTCP.Close() })

	chain := inprocchain.NewChain(observer.chain(), inprocchain.WithAddr(listener.Addr()))
	channel := connect.InProcess(t, chain, service.register)
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	address := " server.address=" + host + " server.port=" + port
	want := []string{"client" + address, "server" + address}
	for _, test := range []struct {
		name string
		conn grpc.ClientConnInterface
	}{{"TCP", overTCP}, {"Channel", channel}, {"ClientConn", channel.ClientConn()}} {
		for _, call := range []scenario{{name: "unary", call: unary(codes.OK)}, {name: "stream", call: chat(1, codes.OK)}} {
			observer.spans.Reset()
			if err := call.call(t.Context(), service.client(test.conn)); err != nil {
				t.Fatalf("%s, %s: %v", test.name, call.name, err)
			}
			observer.clientEnds.await(t)
			observer.serverEnds.await(t)
			if diff := cmp.Diff(want, serverAddresses(observer.spans.Ended())); diff != "" {
				t.Errorf("%s, %s: (-want +got)\n%s", test.name, call.name, diff)
			}
		}
	}
}

// serverAddresses describes the spans of RPCs by the attributes that name the server.
func serverAddresses(spans []sdk.ReadOnlySpan) []string {
	var texts []string
	for _, span := range spans {
		if span.SpanKind().String() == "internal" {
			continue
		}
		text := span.SpanKind().String()
		for _, attr := range span.Attributes() { // in the order in which otelgrpc sets them
			if strings.HasPrefix(string(attr.Key), "server.") {
				text += " " + string(attr.Key) + "=" + attr.Value.String()
			}
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}
