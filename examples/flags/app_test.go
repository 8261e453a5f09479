package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

func TestPanicBecomesInternalErrorAndIsLoggedOnEveryTransport(t *testing.T) {
	t.Parallel()
	ta := startTestApp(t, func(full inprocchain.Chain, _ *telemetry) (network, inproc inprocchain.Chain) {
		full = inprocchain.NewChain(full,
			inprocchain.WithUnaryServerInterceptors(func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
				panic("a bug")
			}),
			inprocchain.WithStreamServerInterceptors(func(any, grpc.ServerStream, *grpc.StreamServerInfo, grpc.StreamHandler) error {
				panic("a bug")
			}))
		return full, full
	})
	ctx := withToken(t.Context(), testToken)
	want := status.Error(codes.Internal, "internal error").Error()
	for _, client := range ta.clients {
		if _, err := client.List(ctx, new(pb.ListRequest)); err == nil || err.Error() != want {
			t.Errorf("List %s: %v, want %v", client.title, err, want)
		}
		watch, err := client.Watch(ctx, &pb.WatchRequest{Key: key})
		if err == nil {
			_, err = watch.Recv()
		}
		if err == nil || err.Error() != want {
			t.Errorf("Watch %s: %v, want %v", client.title, err, want)
		}
	}
	ta.stop()
	for _, text := range []string{"recovered a panic", "panic=\"a bug\"", "grpc.code=Internal"} {
		if got := bytes.Count(ta.log.Bytes(), []byte(text)); got != 6 {
			t.Errorf("the log contains %q %d times, want 6", text, got)
		}
	}
}

func TestWrongTokenIsRejectedOnEveryTransport(t *testing.T) {
	t.Parallel()
	ta := startTestApp(t, sameChain)
	ctx := withToken(t.Context(), "guessed")
	for _, client := range ta.clients {
		if _, err := create(ctx, client); status.Code(err) != codes.Unauthenticated {
			t.Errorf("create %s: %v, want Unauthenticated", client.title, err)
		}
	}
	ta.stop()
	if ta.audit.Len() > 0 {
		t.Errorf("the audit log has records of requests that were rejected:\n%s", &ta.audit)
	}
}

func TestClientThatHangsUpIsLoggedAsCanceled(t *testing.T) {
	t.Parallel()
	ta := startTestApp(t, sameChain)
	ctx := withToken(t.Context(), testToken)
	if _, err := create(ctx, ta.clients[0]); err != nil {
		t.Fatal(err)
	}
	for _, client := range ta.clients {
		watching, hangUp := context.WithCancel(ctx)
		watch, err := client.Watch(watching, &pb.WatchRequest{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.Recv(); err != nil {
			t.Errorf("Recv %s: %v", client.title, err)
		}
		hangUp()
		if _, err := watch.Recv(); err == nil {
			t.Errorf("Recv %s after hanging up: no error", client.title)
		}
		ta.serverSpans.await(t, "flags.v1.Flags/Watch")
	}
	ta.stop()
	if got := bytes.Count(ta.log.Bytes(), []byte("level=INFO msg=\"finished call\"")); got != 4 {
		t.Errorf("the log has %d lines of level INFO, want 4", got)
	}
	if got := bytes.Count(ta.log.Bytes(), []byte("grpc.method=Watch grpc.code=Canceled")); got != 3 {
		t.Errorf("the log has %d watches with the code Canceled, want 3", got)
	}
	if t.Failed() {
		t.Logf("%s", &ta.log)
	}
}

func TestReflectionDescribesTheService(t *testing.T) {
	t.Parallel()
	ta := startTestApp(t, sameChain)
	conn, err := grpc.NewClient(ta.app.grpcAddr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(withToken(t.Context(), testToken))
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "flags.v1.Flags"},
	}); err != nil {
		t.Fatal(err)
	}
	response, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	files := response.GetFileDescriptorResponse().GetFileDescriptorProto()
	if len(files) == 0 || !bytes.Contains(files[0], []byte("flagspb/flags.proto")) {
		t.Errorf("the response has no descriptor of flags.proto: %v", response)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != io.EOF {
		t.Errorf("the stream ended with %v, want io.EOF", err)
	}
}

func TestRequestsInFlightCompleteWhenTheAppStops(t *testing.T) {
	t.Parallel()
	for i, over := range []transport{transportREST, transportTCP, transportInProcess} {
		t.Run(string(over), func(t *testing.T) {
			t.Parallel()
			entered, release := make(chan struct{}), make(chan struct{})
			ta := startTestApp(t, func(full inprocchain.Chain, _ *telemetry) (network, inproc inprocchain.Chain) {
				full = inprocchain.NewChain(full, inprocchain.WithUnaryServerInterceptors(
					func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
						if info.FullMethod != pb.Flags_List_FullMethodName {
							return handler(ctx, req)
						}
						close(entered)
						select {
						case <-release:
							return handler(ctx, req)
						case <-ctx.Done():
							return nil, ctx.Err()
						}
					}))
				return full, full
			})
			ctx := withToken(t.Context(), testToken)
			result, stopped := make(chan error, 1), make(chan struct{})
			go func() {
				_, err := list(ctx, ta.clients[i])
				result <- err
			}()
			<-entered
			go func() {
				ta.stop()
				close(stopped)
			}()
			for !ta.refuses(ctx, over) {
			}
			close(release)
			if err := <-result; err != nil {
				t.Errorf("the request in flight failed: %v", err)
			}
			<-stopped
		})
	}
}

// refuses reports whether the app refuses new requests over the transport.
func (ta *testApp) refuses(ctx context.Context, over transport) bool {
	if over == transportInProcess {
		_, err := get(ctx, pb.NewFlagsClient(ta.app.channel))
		return status.Code(err) == codes.Unavailable
	}
	addr := ta.app.httpAddr
	if over == transportTCP {
		addr = ta.app.grpcAddr
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return true
	}
	conn.Close()
	return false
}

func TestRESTRequestContinuesTheTraceInItsHeaders(t *testing.T) {
	t.Parallel()
	ta := startTestApp(t, sameChain)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+ta.app.httpAddr+"/v1/flags", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	request.Header.Set("Authorization", "bearer "+testToken)
	const traceID, spanID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	request.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-01")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s (%v)", response.Status, body, err)
	}
	ended := ta.spans.Ended()
	if len(ended) != 2 {
		t.Fatalf("%d spans have ended, want the server's and the client's", len(ended))
	}
	server, client := ended[0], ended[1]
	if client.SpanContext().TraceID().String() != traceID || client.Parent().SpanID().String() != spanID {
		t.Errorf("the client span is in trace %s with parent %s", client.SpanContext().TraceID(), client.Parent().SpanID())
	}
	if server.Parent().SpanID() != client.SpanContext().SpanID() {
		t.Errorf("the parent of the server span is %s, want the client span", server.Parent().SpanID())
	}
}
