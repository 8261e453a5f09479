package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

func TestPanicIsAnErrorAndALineInTheLogEachWay(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(full inprocchain.Chain, _ *telemetry) (network, inproc inprocchain.Chain) {
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
	for _, way := range r.ways {
		if _, err := way.client.List(ctx, new(pb.ListRequest)); err == nil || err.Error() != want {
			t.Errorf("List by way of %s: %v, want %v", way.via, err, want)
		}
		watch, err := way.client.Watch(ctx, &pb.WatchRequest{Key: key})
		if err == nil {
			_, err = watch.Recv()
		}
		if err == nil || err.Error() != want {
			t.Errorf("Watch by way of %s: %v, want %v", way.via, err, want)
		}
	}
	r.stop()
	for _, text := range []string{"recovered a panic", "panic=\"a bug\"", "grpc.code=Internal"} {
		if got := bytes.Count(r.log.Bytes(), []byte(text)); got != 6 {
			t.Errorf("the log has %q %d times, want 6", text, got)
		}
	}
}

func TestWrongTokenIsRefusedEachWay(t *testing.T) {
	t.Parallel()
	r := newRig(t, one)
	ctx := withToken(t.Context(), "guessed")
	for _, way := range r.ways {
		if _, err := create(ctx, way.client); status.Code(err) != codes.Unauthenticated {
			t.Errorf("by way of %s: %v, want Unauthenticated", way.via, err)
		}
	}
	r.stop()
	if r.audit.Len() > 0 {
		t.Errorf("what was refused is in the audit log:\n%s", &r.audit)
	}
}

func TestClientThatHangsUpIsLoggedAsCanceled(t *testing.T) {
	t.Parallel()
	r := newRig(t, one)
	ctx := withToken(t.Context(), testToken)
	if _, err := create(ctx, r.ways[0].client); err != nil {
		t.Fatal(err)
	}
	for _, way := range r.ways {
		watching, hangUp := context.WithCancel(ctx)
		watch, err := way.client.Watch(watching, &pb.WatchRequest{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.Recv(); err != nil {
			t.Errorf("Recv by way of %s: %v", way.via, err)
		}
		hangUp()
		if _, err := watch.Recv(); err == nil {
			t.Errorf("Recv by way of %s after hanging up: no error", way.via)
		}
		r.awaitServerSpan(t, "flags.v1.Flags/Watch")
	}
	r.stop()
	if got := bytes.Count(r.log.Bytes(), []byte("level=INFO msg=\"finished call\"")); got != 4 {
		t.Errorf("the log has %d lines of level INFO, want 4", got)
	}
	if got := bytes.Count(r.log.Bytes(), []byte("grpc.method=Watch grpc.code=Canceled")); got != 3 {
		t.Errorf("the log has %d watches with the code Canceled, want 3", got)
	}
	if t.Failed() {
		t.Logf("%s", &r.log)
	}
}

// awaitServerSpan returns once a trace with a server span of the name is complete.
func (r *rig) awaitServerSpan(t *testing.T, name string) {
	t.Helper()
	for {
		select {
		case spans := <-r.finished:
			for _, span := range spans {
				if span.SpanKind() == trace.SpanKindServer && span.Name() == name {
					return
				}
			}
		case <-t.Context().Done():
			t.Fatalf("no server span %s has ended", name)
		}
	}
}

func TestReflectionDescribesTheService(t *testing.T) {
	t.Parallel()
	r := newRig(t, one)
	conn, err := grpc.NewClient(r.app.grpcAddr, grpc.WithTransportCredentials(insecure.NewCredentials()))
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

func TestRequestsInFlightEndWellWhenTheAppIsStopped(t *testing.T) {
	t.Parallel()
	for i, by := range []via{viaHTTP, viaNetwork, viaInProcess} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			entered, release := make(chan struct{}), make(chan struct{})
			r := newRig(t, func(full inprocchain.Chain, _ *telemetry) (network, inproc inprocchain.Chain) {
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
			answered, stopped := make(chan error, 1), make(chan struct{})
			go func() {
				_, err := list(ctx, r.ways[i].client)
				answered <- err
			}()
			<-entered
			go func() {
				r.stop()
				close(stopped)
			}()
			for !r.refuses(ctx, by) {
			}
			close(release)
			if err := <-answered; err != nil {
				t.Errorf("what was in flight ended with %v", err)
			}
			<-stopped
		})
	}
}

// refuses reports whether new requests by a way are refused.
func (r *rig) refuses(ctx context.Context, by via) bool {
	if by == viaInProcess {
		_, err := get(ctx, pb.NewFlagsClient(r.app.channel))
		return status.Code(err) == codes.Unavailable
	}
	addr := r.app.httpAddr
	if by == viaNetwork {
		addr = r.app.grpcAddr
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return true
	}
	conn.Close()
	return false
}

func TestRESTJoinsTheTraceOfItsHeaders(t *testing.T) {
	t.Parallel()
	r := newRig(t, one)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.app.httpAddr+"/v1/flags", nil)
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
	ended := r.spans.Ended()
	if len(ended) != 2 {
		t.Fatalf("%d spans have ended, want the server's and the client's", len(ended))
	}
	server, client := ended[0], ended[1]
	if client.SpanContext().TraceID().String() != traceID || client.Parent().SpanID().String() != spanID {
		t.Errorf("the client span is in trace %s below %s", client.SpanContext().TraceID(), client.Parent().SpanID())
	}
	if server.Parent().SpanID() != client.SpanContext().SpanID() {
		t.Errorf("the server span is below %s, want the client span", server.Parent().SpanID())
	}
}
