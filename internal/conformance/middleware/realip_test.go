package middleware_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/realip"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// With an IP address, the Channel is a peer whose forwarded addresses can be trusted.
func TestRealIPFindsTheForwardedAddressAsOnANetwork(t *testing.T) {
	t.Parallel()
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9000}
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	headers := []string{realip.XForwardedFor, realip.XRealIp}
	for _, test := range []struct {
		name    string
		options []realip.Option
		md      metadata.MD
		want    string
	}{
		{"forwarded", []realip.Option{realip.WithTrustedPeers(trusted), realip.WithHeaders(headers)},
			metadata.Pairs("x-forwarded-for", "203.0.113.9"), "203.0.113.9"},
		{"forwarded by a trusted proxy", []realip.Option{realip.WithTrustedPeers(trusted), realip.WithHeaders(headers), realip.WithTrustedProxies([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})},
			metadata.Pairs("x-forwarded-for", "203.0.113.9, 10.0.0.1"), "203.0.113.9"},
		{"X-Real-IP", []realip.Option{realip.WithTrustedPeers(trusted), realip.WithHeaders([]string{realip.XRealIp})},
			metadata.Pairs("x-real-ip", "203.0.113.9"), "203.0.113.9"},
		{"not forwarded", []realip.Option{realip.WithTrustedPeers(trusted), realip.WithHeaders(headers)},
			nil, "127.0.0.1"},
		{"forwarded by a peer that is not trusted", []realip.Option{realip.WithHeaders(headers)},
			metadata.Pairs("x-forwarded-for", "203.0.113.9"), "127.0.0.1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var log journal
			chain := inprocchain.NewChain(
				inprocchain.WithAddr(addr),
				inprocchain.WithUnaryServerInterceptors(realip.UnaryServerInterceptorOpts(test.options...), log.realIPOfUnary),
				inprocchain.WithStreamServerInterceptors(realip.StreamServerInterceptorOpts(test.options...), log.realIPOfStream),
			)
			channel := connect.InProcess(t, chain, pingServices)
			for name, conn := range map[string]grpc.ClientConnInterface{
				"network":    connect.NetworkAt(t, addr, chain, pingServices),
				"Channel":    channel,
				"ClientConn": channel.ClientConn(),
			} {
				got := log.during(func() []string {
					calls{ping("hello"), list("hello")}.make(metadata.NewOutgoingContext(t.Context(), test.md), conn)
					return nil
				})
				want := []string{"server: unary: " + test.want + " true", "server: stream: " + test.want + " true"}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: (-want +got)\n%s", name, diff)
				}
			}
		})
	}
}

func (j *journal) realIPOfUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ip, ok := realip.FromContext(ctx)
	j.server(fmt.Sprintf("unary: %v %v", ip, ok))
	return handler(ctx, req)
}

func (j *journal) realIPOfStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ip, ok := realip.FromContext(stream.Context())
	j.server(fmt.Sprintf("stream: %v %v", ip, ok))
	return handler(srv, stream)
}
