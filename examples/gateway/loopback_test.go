package gateway

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// TestFromLoopback runs what docs/migrating.md shows for a gateway that is a client of the
// port of its own process.
func TestFromLoopback(t *testing.T) {
	t.Parallel()
	loopback := func(ctx context.Context, mux *runtime.ServeMux, chain inprocchain.Chain, implementation pb.FlagsServer) error {
		certificate, roots := selfSigned(t)
		listener := listen(t)

		options := append(chain.ServerOptions(), grpc.MaxRecvMsgSize(1000), grpc.Creds(credentials.NewServerTLSFromCert(certificate)))
		server := grpc.NewServer(options...)
		pb.RegisterFlagsServer(server, implementation)
		go server.Serve(listener)
		t.Cleanup(server.Stop)

		conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(credentials.NewTLS(roots)))
		if err != nil {
			return err
		}
		return pb.RegisterFlagsHandler(ctx, mux, conn)
	}
	inProcess := func(ctx context.Context, mux *runtime.ServeMux, chain inprocchain.Chain, implementation pb.FlagsServer) error {
		certificate, _ := selfSigned(t)
		listener := listen(t)

		channel := inprocchain.New(chain, inprocchain.WithServerMaxRecvMsgSize(1000))
		pb.RegisterFlagsServer(channel, implementation)
		server := channel.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(certificate)))
		go server.Serve(listener)
		t.Cleanup(server.Stop)

		return pb.RegisterFlagsHandler(ctx, mux, channel.ClientConn())
	}
	for _, test := range []registration{{"before", loopback}, {"after", inProcess}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var methods []string
			chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(
				func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
					methods = append(methods, info.FullMethod)
					return handler(ctx, req)
				},
			))
			url := serve(t, test, chain, &service{create: func(context.Context) error { return nil }})
			get(t, url+"/v1/flags/a")
			if want := []string{pb.Flags_Get_FullMethodName}; !slices.Equal(methods, want) {
				t.Errorf("the interceptor ran for %v, want %v", methods, want)
			}
			body := strings.NewReader(`{"key": "a", "description": "` + strings.Repeat("a", 2000) + `"}`)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/flags", body)
			if err != nil {
				t.Fatal(err)
			}
			if status, body := do(t, request); status != http.StatusTooManyRequests {
				t.Errorf("a message that is larger than the server's limit: got %d: %s, want 429", status, body)
			}
		})
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// selfSigned returns a certificate for this host, and the configuration of a client that
// trusts it.
func selfSigned(t *testing.T) (*tls.Certificate, *tls.Config) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return &server.TLS.Certificates[0], &tls.Config{RootCAs: roots}
}
