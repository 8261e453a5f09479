package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// authenticateUnlessInProcess is wrong for services that serve REST.
func authenticateUnlessInProcess(ctx context.Context) (context.Context, error) {
	if p, ok := peer.FromContext(ctx); ok && p.Addr.Network() == "inproc" {
		return ctx, nil // REST requests are accepted here.
	}
	return authenticate(ctx)
}

// authenticate accepts requests that carry the token, wherever they come from.
func authenticate(ctx context.Context) (context.Context, error) {
	token, err := auth.AuthFromMD(ctx, "bearer")
	if err != nil {
		return nil, err
	}
	if token != "secret" {
		return nil, status.Error(codes.Unauthenticated, "unknown token")
	}
	return ctx, nil
}

func TestRESTRequestsHaveAnInProcessPeer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		authenticate auth.AuthFunc
		status       int
	}{
		{"the peer decides", authenticateUnlessInProcess, http.StatusOK},
		{"the token decides", authenticate, http.StatusUnauthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(auth.UnaryServerInterceptor(test.authenticate)))
			url := serve(t, withClient, chain, new(service))
			if status, body := get(t, url+"/v1/flags/a"); status != test.status {
				t.Errorf("GET without a token returned %d: %s, want %d", status, body, test.status)
			}
		})
	}
}

// module is the AuthInfo of a module of this process. Nobody on a network can have it.
type module struct {
	credentials.CommonAuthInfo
	name string
}

func (module) AuthType() string { return "module" }

// authenticateCaller accepts modules of this process, and everybody else with a token.
func authenticateCaller(ctx context.Context) (context.Context, error) {
	if p, ok := peer.FromContext(ctx); ok {
		if _, ok := p.AuthInfo.(module); ok {
			return ctx, nil
		}
	}
	return authenticate(ctx)
}

func TestModulesOfTheProcessAreKnownByTheirAuthInfo(t *testing.T) {
	t.Parallel()
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(auth.UnaryServerInterceptor(authenticateCaller)))
	channel := inprocchain.New(chain)
	pb.RegisterFlagsServer(channel, new(service))

	forREST := pb.NewFlagsClient(channel)
	forBilling := pb.NewFlagsClient(channel.NewClient(chain, inprocchain.WithPeer(func(context.Context) *peer.Peer {
		return &peer.Peer{AuthInfo: module{name: "billing"}}
	})))

	if _, err := forREST.Get(t.Context(), new(pb.GetRequest)); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without a token, Get returned %v, want Unauthenticated", err)
	}
	if _, err := forBilling.Get(t.Context(), new(pb.GetRequest)); err != nil {
		t.Errorf("as a module, Get returned %v", err)
	}
}

// fromGateway marks the RPCs that the gateway makes. HTTP clients can add values
// to the metadata, but they cannot remove this one.
var fromGateway = runtime.WithMetadata(func(context.Context, *http.Request) metadata.MD {
	return metadata.Pairs("from-gateway", "true")
})

// rejectREST rejects one method over REST.
func rejectREST(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if info.FullMethod == pb.Flags_Delete_FullMethodName && len(metadata.ValueFromIncomingContext(ctx, "from-gateway")) > 0 {
		return nil, status.Error(codes.PermissionDenied, "not available over REST")
	}
	return handler(ctx, req)
}

func TestHTTPClientsCannotRemoveTheGatewaysMark(t *testing.T) {
	t.Parallel()
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(rejectREST))
	url := serve(t, withClient, chain, new(service), fromGateway)
	for _, header := range []string{"", "Grpc-Metadata-From-Gateway", "From-Gateway"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, url+"/v1/flags/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			request.Header.Set(header, "")
		}
		if status, body := do(t, request); status != http.StatusForbidden || !strings.Contains(body, "not available over REST") {
			t.Errorf("DELETE with the header %q returned %d: %s", header, status, body)
		}
	}
}
