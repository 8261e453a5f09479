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
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

const (
	client = "203.0.113.9"  // sends the HTTP request
	forged = "198.51.100.7" // is in a header of the HTTP request
)

// withHTTPPeer puts the address and the TLS state of the HTTP client into the context of its
// request.
func withHTTPPeer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		addr, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			http.Error(w, "the address of the client is unknown", http.StatusBadRequest)
			return
		}
		p := &peer.Peer{Addr: net.TCPAddrFromAddrPort(addr)}
		if r.TLS != nil {
			p.AuthInfo = credentials.TLSInfo{State: *r.TLS, CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), httpPeerKey{}, p)))
	})
}

type httpPeerKey struct{}

// httpPeer returns the peer of an HTTP request, or nil for another caller.
func httpPeer(ctx context.Context) *peer.Peer {
	p, _ := ctx.Value(httpPeerKey{}).(*peer.Peer)
	return p
}

// newRESTHandler serves REST with a client that tells handlers who the HTTP client is.
func newRESTHandler(ctx context.Context, channel *inprocchain.Channel) (http.Handler, error) {
	mux := runtime.NewServeMux()
	forREST := channel.NewClient(channel.Chain(), inprocchain.WithPeer(httpPeer))
	if err := pb.RegisterFlagsHandlerClient(ctx, mux, pb.NewFlagsClient(forREST)); err != nil {
		return nil, err
	}
	return withHTTPPeer(mux), nil
}

func TestRealIPIsTheAddressOfTheHTTPClient(t *testing.T) {
	t.Parallel()
	chain := inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(realip.UnaryServerInterceptorOpts()),
	)
	channel := inprocchain.New(chain)

	post, found := recordRealIP(t, channel)
	for _, header := range []string{"", "X-Forwarded-For", "X-Real-Ip", "Grpc-Metadata-X-Forwarded-For", "Grpc-Metadata-X-Real-Ip"} {
		if post(header); found.String() != client {
			t.Errorf("with the header %q, the real address is %s, want %s", header, found, client)
		}
	}
	if _, err := pb.NewFlagsClient(channel).Create(t.Context(), new(pb.CreateRequest)); err != nil || found.IsValid() {
		t.Errorf("for a caller in the process, the real address is %s (%v), want none", found, err)
	}
}

func TestRealIPDependsOnItsOptions(t *testing.T) {
	t.Parallel()
	trustClient := realip.WithTrustedPeers([]netip.Prefix{netip.MustParsePrefix(client + "/32")})
	for _, test := range []struct {
		name    string
		options []realip.Option
		header  string
		want    string
	}{
		{
			name: "the HTTP client is a trusted load balancer",
			options: []realip.Option{
				trustClient, realip.WithHeaders([]string{realip.XForwardedFor}),
				realip.WithTrustedProxies([]netip.Prefix{netip.MustParsePrefix(client + "/32")}),
			},
			header: "X-Forwarded-For",
			want:   forged, // here, the address that the load balancer reports
		},
		{
			name:    "without WithTrustedProxies",
			options: []realip.Option{trustClient, realip.WithHeaders([]string{realip.XForwardedFor})},
			header:  "X-Forwarded-For",
			want:    client,
		},
		{
			name:    "trust in X-Real-Ip",
			options: []realip.Option{trustClient, realip.WithHeaders([]string{realip.XRealIp})},
			header:  "Grpc-Metadata-X-Real-Ip",
			want:    forged,
		},
		{
			name:    "the HTTP client is not trusted",
			options: []realip.Option{realip.WithTrustedPeers([]netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}), realip.WithHeaders([]string{realip.XForwardedFor})},
			header:  "X-Forwarded-For",
			want:    client,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(realip.UnaryServerInterceptorOpts(test.options...)))
			post, found := recordRealIP(t, inprocchain.New(chain))
			if post(test.header); found.String() != test.want {
				t.Errorf("the real address is %s, want %s", found, test.want)
			}
		})
	}
}

func TestHandlersSeeTheTLSStateOfTheHTTPClient(t *testing.T) {
	t.Parallel()
	channel := inprocchain.New()
	var found *peer.Peer
	pb.RegisterFlagsServer(channel, &service{create: func(ctx context.Context) error {
		found, _ = peer.FromContext(ctx)
		return nil
	}})
	handler, err := newRESTHandler(t.Context(), channel)
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []func(http.Handler) *httptest.Server{httptest.NewServer, httptest.NewTLSServer} {
		server := start(handler)
		t.Cleanup(server.Close)
		response, err := server.Client().Post(server.URL+"/v1/flags", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK || found.Addr.Network() != "tcp" {
			t.Errorf("%s: got %s, and the peer is %v", server.URL, response.Status, found)
		}
		info, isTLS := found.AuthInfo.(credentials.TLSInfo)
		if wantTLS := server.TLS != nil; isTLS != wantTLS || isTLS && info.State.Version == 0 {
			t.Errorf("%s: the peer has the AuthInfo %v, want that of TLS: %t", server.URL, found.AuthInfo, wantTLS)
		}
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
	handler, err := newRESTHandler(t.Context(), channel)
	if err != nil {
		t.Fatal(err)
	}
	return func(header string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/flags", strings.NewReader("{}"))
		request.RemoteAddr = client + ":1234"
		if header != "" {
			request.Header.Set(header, forged)
		}
		recorder := httptest.NewRecorder()
		if handler.ServeHTTP(recorder, request); recorder.Code != http.StatusOK {
			t.Errorf("POST returned %d: %s", recorder.Code, recorder.Body)
		}
	}, found
}
