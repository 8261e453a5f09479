package suites_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/grpclog"
	"google.golang.org/grpc/interop"
	interoppb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

// The interoperability cases of grpc-go. A case that fails calls Fatal of grpclog, which ends
// the process. reportFatal turns this into the failure of one test.
func TestInteropCases(t *testing.T) {
	t.Parallel()
	onEach(t, interopService, func(t *testing.T, cc grpc.ClientConnInterface) {
		for name, run := range interopCases {
			if name == "cancel after begin" && strings.HasSuffix(t.Name(), "/network") {
				continue // On a network, the response may arrive before the cancellation.
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				defer reportFatal(t)
				run(t.Context(), interoppb.NewTestServiceClient(cc))
			})
		}
		t.Run("unimplemented service", func(t *testing.T) {
			t.Parallel()
			defer reportFatal(t)
			interop.DoUnimplementedService(t.Context(), interoppb.NewUnimplementedServiceClient(cc))
		})
		t.Run("unimplemented method", func(t *testing.T) {
			t.Parallel()
			defer reportFatal(t)
			if conn, ok := cc.(*grpc.ClientConn); ok {
				interop.DoUnimplementedMethod(t.Context(), conn)
				return
			}
			// The case requires a *grpc.ClientConn, so this is its code for a Channel.
			err := cc.Invoke(t.Context(), "/grpc.testing.TestService/UnimplementedCall", nil, nil)
			if status.Code(err) != codes.Unimplemented {
				t.Errorf("got %v, want %v", err, codes.Unimplemented)
			}
		})
	})
}

// The cases also have the same effects on interceptors and stats handlers. Two are left out,
// because a deadline or a cancellation ends their RPC at a varying point.
func TestInteropCasesAreEqualForInterceptors(t *testing.T) {
	t.Parallel()
	for name, run := range interopCases {
		if name == "timeout" || name == "cancel after begin" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer reportFatal(t)
			chaintest.Compare(t, inprocchain.NewChain(), interopService, func(ctx context.Context, cc grpc.ClientConnInterface) error {
				run(ctx, interoppb.NewTestServiceClient(cc))
				return nil
			})
		})
	}
}

type interopCase func(context.Context, interoppb.TestServiceClient, ...grpc.CallOption)

var interopCases = map[string]interopCase{
	"empty unary":             interop.DoEmptyUnaryCall,
	"large unary":             interop.DoLargeUnaryCall,
	"client streaming":        interop.DoClientStreaming,
	"server streaming":        interop.DoServerStreaming,
	"ping pong":               interop.DoPingPong,
	"empty stream":            interop.DoEmptyStream,
	"timeout":                 interop.DoTimeoutOnSleepingServer,
	"cancel after begin":      interop.DoCancelAfterBegin,
	"cancel after response":   interop.DoCancelAfterFirstResponse,
	"custom metadata":         interop.DoCustomMetadata,
	"status code and message": interop.DoStatusCodeAndMessage,
	"special status message":  interop.DoSpecialStatusMessage,
}

func interopService(s grpc.ServiceRegistrar) {
	interoppb.RegisterTestServiceServer(s, interop.NewTestServer())
}

func init() {
	grpclog.SetLoggerV2(fatalPanics{grpclog.NewLoggerV2(io.Discard, io.Discard, os.Stderr)})
}

// fatalPanics is a logger whose Fatal panics instead of ending the process. The test
// recovers the panic with reportFatal.
type fatalPanics struct{ grpclog.LoggerV2 }

type fatal string

func (fatalPanics) Fatal(args ...any)                 { panic(fatal(fmt.Sprint(args...))) }
func (fatalPanics) Fatalln(args ...any)               { panic(fatal(fmt.Sprintln(args...))) }
func (fatalPanics) Fatalf(format string, args ...any) { panic(fatal(fmt.Sprintf(format, args...))) }

func reportFatal(t *testing.T) {
	switch p := recover().(type) {
	case nil:
	case fatal:
		t.Error(string(p))
	default:
		panic(p)
	}
}
