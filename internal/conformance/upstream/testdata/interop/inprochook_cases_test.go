package interop_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
)

// grpc-go runs its interoperability cases with two programs. These tests run the same cases. A
// case that fails ends the process.

func TestEmptyUnary(t *testing.T)      { run(t, interop.DoEmptyUnaryCall) }
func TestLargeUnary(t *testing.T)      { run(t, interop.DoLargeUnaryCall) }
func TestClientStreaming(t *testing.T) { run(t, interop.DoClientStreaming) }
func TestServerStreaming(t *testing.T) { run(t, interop.DoServerStreaming) }
func TestPingPong(t *testing.T)        { run(t, interop.DoPingPong) }
func TestEmptyStream(t *testing.T)     { run(t, interop.DoEmptyStream) }
func TestTimeoutOnSleepingServer(t *testing.T) {
	run(t, interop.DoTimeoutOnSleepingServer)
}
func TestCancelAfterBegin(t *testing.T) { run(t, interop.DoCancelAfterBegin) }
func TestCancelAfterFirstResponse(t *testing.T) {
	run(t, interop.DoCancelAfterFirstResponse)
}
func TestCustomMetadata(t *testing.T)       { run(t, interop.DoCustomMetadata) }
func TestStatusCodeAndMessage(t *testing.T) { run(t, interop.DoStatusCodeAndMessage) }
func TestSpecialStatusMessage(t *testing.T) { run(t, interop.DoSpecialStatusMessage) }

func TestUnimplementedMethod(t *testing.T) {
	interop.DoUnimplementedMethod(t.Context(), connect(t))
}

func TestUnimplementedService(t *testing.T) {
	interop.DoUnimplementedService(t.Context(), testpb.NewUnimplementedServiceClient(connect(t)))
}

func run(t *testing.T, testCase func(context.Context, testpb.TestServiceClient, ...grpc.CallOption)) {
	testCase(t.Context(), testpb.NewTestServiceClient(connect(t)))
}

// connect starts a server and connects to it.
func connect(t *testing.T) *grpc.ClientConn {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	testpb.RegisterTestServiceServer(server, interop.NewTestServer())
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
