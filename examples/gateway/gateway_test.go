// Package gateway has the code of docs/grpc-gateway.md, and tests of the statements in the
// document.
package gateway

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// A registration serves a service on a mux.
type registration struct {
	name     string
	register func(context.Context, *runtime.ServeMux, inprocchain.Chain, pb.FlagsServer) error
}

var (
	withServer = registration{"HandlerServer", registerServer}
	withClient = registration{"HandlerClient", registerClient}
	withConn   = registration{"Handler", registerConn}
)

// registerServer ignores the chain, because RegisterFlagsHandlerServer cannot use one.
func registerServer(ctx context.Context, mux *runtime.ServeMux, _ inprocchain.Chain, implementation pb.FlagsServer) error {
	return pb.RegisterFlagsHandlerServer(ctx, mux, implementation)
}

func registerClient(ctx context.Context, mux *runtime.ServeMux, chain inprocchain.Chain, implementation pb.FlagsServer) error {
	channel := inprocchain.New(chain)
	pb.RegisterFlagsServer(channel, implementation)

	return pb.RegisterFlagsHandlerClient(ctx, mux, pb.NewFlagsClient(channel))
}

func registerConn(ctx context.Context, mux *runtime.ServeMux, chain inprocchain.Chain, implementation pb.FlagsServer) error {
	channel := inprocchain.New(chain)
	pb.RegisterFlagsServer(channel, implementation)

	return pb.RegisterFlagsHandler(ctx, mux, channel.ClientConn())
}

func TestInterceptorsRunOnlyWithAClient(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		registration
		unary, stream int64 // how often the interceptors run
	}{
		{withServer, 0, 0},
		{withClient, 1, 1},
		{withConn, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var unary, stream atomic.Int64
			chain := inprocchain.NewChain(
				inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
					unary.Add(1)
					return handler(ctx, req)
				}),
				inprocchain.WithStreamServerInterceptors(func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
					stream.Add(1)
					return handler(srv, s)
				}),
			)
			url := serve(t, test.registration, chain, new(service))
			get(t, url+"/v1/flags/a")
			get(t, url+"/v1/flags/a:watch")
			if unary.Load() != test.unary || stream.Load() != test.stream {
				t.Errorf("the interceptors ran %d and %d times, want %d and %d", unary.Load(), stream.Load(), test.unary, test.stream)
			}
		})
	}
}

func TestStreamsWorkOnlyWithAClient(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		registration
		status int
		body   string
	}{
		{withServer, http.StatusNotImplemented, "streaming calls are not yet supported in the in-process transport"},
		{withClient, http.StatusOK, `{"result":{"change":"CHANGE_PRESENT","flag":null}}` + "\n" + `{"result":{"change":"CHANGE_DELETED","flag":null}}`},
		{withConn, http.StatusOK, `{"result":{"change":"CHANGE_PRESENT","flag":null}}` + "\n" + `{"result":{"change":"CHANGE_DELETED","flag":null}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, test.registration, inprocchain.NewChain(), new(service))
			status, body := get(t, url+"/v1/flags/a:watch")
			if status != test.status || !strings.Contains(strings.ReplaceAll(body, `": `, `":`), test.body) {
				t.Errorf("GET returned %d: %s, want %d: %s", status, body, test.status, test.body)
			}
		})
	}
}

func TestContextErrorsBecomeStatusesOnlyWithAClient(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		registration
		status int
	}{
		{withServer, http.StatusInternalServerError},
		{withClient, http.StatusGatewayTimeout},
		{withConn, http.StatusGatewayTimeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, test.registration, inprocchain.NewChain(), new(service))
			if status, body := get(t, url+"/v1/flags/slow"); status != test.status {
				t.Errorf("GET returned %d: %s, want %d", status, body, test.status)
			}
		})
	}
}

func TestPanicsReachInterceptorsOnlyWithAClient(t *testing.T) {
	t.Parallel()
	recovered := recovery.WithRecoveryHandler(func(any) error { return status.Error(codes.Internal, "internal error") })
	chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(recovery.UnaryServerInterceptor(recovered)))
	for _, test := range []struct {
		registration
		status int // 0 if the connection is closed
	}{
		{withServer, 0},
		{withClient, http.StatusInternalServerError},
		{withConn, http.StatusInternalServerError},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, test.registration, chain, new(service))
			response, err := http.Get(url + "/v1/flags/panic")
			if test.status == 0 {
				if !errors.Is(err, io.EOF) {
					t.Errorf("GET returned %v, want io.EOF", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if response.Body.Close(); response.StatusCode != test.status {
				t.Errorf("GET returned %d, want %d", response.StatusCode, test.status)
			}
		})
	}
}

// A service is an implementation whose Create method a test may choose.
type service struct {
	pb.UnimplementedFlagsServer

	create func(context.Context) error
}

func (s *service) Create(ctx context.Context, _ *pb.CreateRequest) (*pb.Flag, error) {
	return new(pb.Flag), s.create(ctx)
}

func (s *service) Get(_ context.Context, req *pb.GetRequest) (*pb.Flag, error) {
	switch req.GetKey() {
	case "panic":
		panic("a bug")
	case "slow":
		return nil, errors.Join(errors.New("the database is slow"), context.DeadlineExceeded)
	}
	return &pb.Flag{Key: req.GetKey()}, nil
}

func (s *service) Delete(context.Context, *pb.DeleteRequest) (*emptypb.Empty, error) {
	return new(emptypb.Empty), nil
}

func (s *service) Watch(_ *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.WatchResponse]) error {
	for _, change := range []pb.WatchResponse_Change{pb.WatchResponse_CHANGE_PRESENT, pb.WatchResponse_CHANGE_DELETED} {
		if err := stream.Send(&pb.WatchResponse{Change: change}); err != nil {
			return err
		}
	}
	return nil
}

// serve serves REST and returns the URL.
func serve(t *testing.T, r registration, chain inprocchain.Chain, implementation pb.FlagsServer, opts ...runtime.ServeMuxOption) string {
	t.Helper()
	mux := runtime.NewServeMux(opts...)
	if err := r.register(t.Context(), mux, chain, implementation); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(mux)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // panics
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, request)
}

func do(t *testing.T, request *http.Request) (status int, body string) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(read)
}
