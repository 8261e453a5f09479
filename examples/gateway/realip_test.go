package gateway

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/realip"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

const (
	client = "203.0.113.9"  // sends the HTTP request
	forged = "198.51.100.7" // is in a header of the HTTP request
)

func TestRealIPReadsTheAddressOfTheHTTPClient(t *testing.T) {
	t.Parallel()
	// This address is reserved for documentation, so no client can have it.
	gatewayAddr := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(realip.UnaryServerInterceptorOpts(
			realip.WithTrustedPeers([]netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}),
			realip.WithHeaders([]string{realip.XForwardedFor}),
		)),
	)
	channel := inprocchain.New(chain, inprocchain.WithAddr(gatewayAddr))

	post, found := recordRealIP(t, channel)
	for _, header := range []string{"", "X-Forwarded-For", "X-Real-Ip", "Grpc-Metadata-X-Forwarded-For", "Grpc-Metadata-X-Real-Ip"} {
		if post(header); found.String() != client {
			t.Errorf("with the header %q, the real address is %s, want %s", header, found, client)
		}
	}
	if _, err := pb.NewFlagsClient(channel).Create(t.Context(), new(pb.CreateRequest)); err != nil || found.String() != "192.0.2.1" {
		t.Errorf("for a caller in the process, the real address is %s (%v), want 192.0.2.1", found, err)
	}
}

func TestRealIPDependsOnItsOptions(t *testing.T) {
	t.Parallel()
	gatewayAddr := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}
	trustGateway := realip.WithTrustedPeers([]netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")})
	for _, test := range []struct {
		name    string
		addr    net.Addr // nil for the default
		options []realip.Option
		header  string
		want    string
	}{
		{
			name:    "a Channel with the default address",
			options: []realip.Option{trustGateway, realip.WithHeaders([]string{realip.XForwardedFor})},
			want:    "invalid IP",
		},
		{
			name:    "trust in X-Real-Ip",
			addr:    gatewayAddr,
			options: []realip.Option{trustGateway, realip.WithHeaders([]string{realip.XRealIp})},
			header:  "Grpc-Metadata-X-Real-Ip",
			want:    forged,
		},
		{
			name: "the HTTP client is a trusted load balancer",
			addr: gatewayAddr,
			options: []realip.Option{
				trustGateway, realip.WithHeaders([]string{realip.XForwardedFor}),
				realip.WithTrustedProxies([]netip.Prefix{netip.MustParsePrefix(client + "/32")}),
			},
			header: "X-Forwarded-For",
			want:   forged, // here, the address that the load balancer reports
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(realip.UnaryServerInterceptorOpts(test.options...)))
			if test.addr != nil {
				chain = inprocchain.NewChain(chain, inprocchain.WithAddr(test.addr))
			}
			post, found := recordRealIP(t, inprocchain.New(chain))
			if post(test.header); found.String() != test.want {
				t.Errorf("the real address is %s, want %s", found, test.want)
			}
		})
	}
}

func TestAuthInfoIsInProcessForEveryAddress(t *testing.T) {
	t.Parallel()
	channel := inprocchain.New(inprocchain.WithAddr(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}))
	var found peer.Peer
	pb.RegisterFlagsServer(channel, &service{create: func(ctx context.Context) error {
		if p, ok := peer.FromContext(ctx); ok {
			found = *p
		}
		return nil
	}})
	if _, err := pb.NewFlagsClient(channel).Create(t.Context(), new(pb.CreateRequest)); err != nil {
		t.Fatal(err)
	}
	if found.Addr.Network() != "tcp" || found.AuthInfo.AuthType() != "inproc" {
		t.Errorf("the peer is %v of the network %s, want AuthInfo inproc and the network tcp", found, found.Addr.Network())
	}
}

// recordRealIP serves REST on the channel. It returns a function that posts a
// request with a forged address in the header, and the real address that the
// handler found last.
func recordRealIP(t *testing.T, channel *inprocchain.Channel) (post func(header string), found *netip.Addr) {
	t.Helper()
	found = new(netip.Addr)
	pb.RegisterFlagsServer(channel, &service{create: func(ctx context.Context) error {
		*found, _ = realip.FromContext(ctx)
		return nil
	}})
	mux := runtime.NewServeMux()
	if err := pb.RegisterFlagsHandlerClient(t.Context(), mux, pb.NewFlagsClient(channel)); err != nil {
		t.Fatal(err)
	}
	return func(header string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/flags", strings.NewReader("{}"))
		request.RemoteAddr = client + ":1234"
		if header != "" {
			request.Header.Set(header, forged)
		}
		recorder := httptest.NewRecorder()
		if mux.ServeHTTP(recorder, request); recorder.Code != http.StatusOK {
			t.Errorf("POST returned %d: %s", recorder.Code, recorder.Body)
		}
	}, found
}
