package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// TestRESTChanges checks the rows about REST in the table of docs/migrating.md that says what
// changes in behavior.
func TestRESTChanges(t *testing.T) {
	t.Parallel()
	bare := func(ctx context.Context, mux *runtime.ServeMux, _ inprocchain.Chain, implementation pb.FlagsServer) error {
		channel := &inprocgrpc.Channel{}
		pb.RegisterFlagsServer(channel, implementation)
		return pb.RegisterFlagsHandlerClient(ctx, mux, pb.NewFlagsClient(channel))
	}
	network := func(ctx context.Context, mux *runtime.ServeMux, _ inprocchain.Chain, implementation pb.FlagsServer) error {
		server, listener := grpc.NewServer(grpc.MaxRecvMsgSize(1000)), listen(t)
		pb.RegisterFlagsServer(server, implementation)
		go server.Serve(listener)
		t.Cleanup(server.Stop)
		conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return err
		}
		t.Cleanup(func() { _ = conn.Close() })
		return pb.RegisterFlagsHandler(ctx, mux, conn)
	}
	large := `{"key": "a", "description": "` + strings.Repeat("a", 2000) + `"}`
	for _, test := range []struct {
		registration
		contentType       string // of the handler's headers, in a response
		connection, large int    // the HTTP status of a request that sends it
	}{
		{registration{"bare channel", bare}, "", http.StatusOK, http.StatusOK},
		{withClient, "application/grpc", http.StatusInternalServerError, http.StatusOK},
		{registration{"network", network}, "application/grpc", http.StatusInternalServerError, http.StatusTooManyRequests},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, test.registration, inprocchain.NewChain(), &service{create: func(context.Context) error { return nil }})
			create := func(body string, header http.Header) *http.Response {
				t.Helper()
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/flags", strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				request.Header = header
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				return response
			}
			if got := create("{}", nil).Header.Get("Grpc-Metadata-Content-Type"); got != test.contentType {
				t.Errorf("the response has Grpc-Metadata-Content-Type %q, want %q", got, test.contentType)
			}
			if got := create("{}", http.Header{"Grpc-Metadata-Connection": {"value"}}).StatusCode; got != test.connection {
				t.Errorf("with Grpc-Metadata-Connection: got %d, want %d", got, test.connection)
			}
			if got := create(large, nil).StatusCode; got != test.large {
				t.Errorf("a message that is larger than the server's limit: got %d, want %d", got, test.large)
			}
		})
	}
}
