package docs_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

// Each case is a row of docs/differences.md: the result on a network, and the result
// in-process. If a test fails because they are equal, remove the row.
func TestDifferences(t *testing.T) {
	t.Run("stats_addresses", func(t *testing.T) {
		expect(t, func(cc grpc.ClientConnInterface, o *observer) string {
			_, _ = ask(t.Context(), cc, "")
			out := first[*stats.OutHeader](o)
			return fmt.Sprint(out.RemoteAddr.Network(), " ", out.RemoteAddr, " ", out.Authority)
		}, "bufconn bufconn network", "inproc inproc inproc")
	})
	t.Run("peer", func(t *testing.T) {
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			var p peer.Peer
			_, _ = ask(t.Context(), cc, "", grpc.Peer(&p))
			secure := credentials.CheckSecurityLevel(p.AuthInfo, credentials.PrivacyAndIntegrity) == nil
			return fmt.Sprint(p.Addr.Network(), " ", p.LocalAddr, " ", p.AuthInfo.AuthType(), " ", secure)
		}, "bufconn bufconn insecure false", "inproc inproc inproc true")
	})
	t.Run("header_list_size", func(t *testing.T) {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "large", strings.Repeat("x", 2<<10))
		_, cc := serveNetwork(t, inprocchain.Chain{}, grpc.MaxHeaderListSize(1<<10))
		if _, err := ask(t.Context(), cc, ""); err != nil { // The client receives the limit.
			t.Fatal(err)
		}
		if _, err := ask(ctx, cc, ""); status.Code(err) != codes.Internal {
			t.Errorf("network: got %v, want Internal", err)
		}
		channel := inprocchain.New()
		healthpb.RegisterHealthServer(channel, &service{})
		if _, err := ask(ctx, channel, ""); err != nil {
			t.Errorf("in-process: got %v", err)
		}
	})
	t.Run("wait_for_ready", func(t *testing.T) {
		ask := func(ctx context.Context, cc grpc.ClientConnInterface) string {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			_, err := ask(ctx, cc, "", grpc.WaitForReady(true))
			return status.Code(err).String()
		}
		synctest.Test(t, func(t *testing.T) { // The hour passes immediately in fake time.
			server, cc := serveNetwork(t, inprocchain.Chain{})
			server.Stop()
			if got := ask(t.Context(), cc); got != "DeadlineExceeded" {
				t.Errorf("network: got %s", got)
			}
		})
		channel := inprocchain.New()
		healthpb.RegisterHealthServer(channel, &service{})
		if err := channel.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := ask(t.Context(), channel); got != "Unavailable" {
			t.Errorf("in-process: got %s", got)
		}
	})
	t.Run("default_size_limit", func(t *testing.T) {
		large := strings.Repeat("x", 5<<20)
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			_, err := ask(t.Context(), cc, large)
			_, explicit := ask(t.Context(), cc, large, grpc.MaxCallSendMsgSize(1<<20))
			return fmt.Sprint(status.Code(err), " ", status.Code(explicit))
		}, "ResourceExhausted ResourceExhausted", "OK ResourceExhausted")
	})
	t.Run("compression", func(t *testing.T) {
		expect(t, func(cc grpc.ClientConnInterface, o *observer) string {
			_, _ = ask(t.Context(), cc, strings.Repeat("x", 1<<10), grpc.UseCompressor(gzip.Name))
			out := first[*stats.OutPayload](o)
			return fmt.Sprint(out.CompressedLength < out.Length)
		}, "true", "false")
	})
	t.Run("compressor_of_a_handler", func(t *testing.T) {
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			reply, _ := ask(t.Context(), cc, "compressors")
			return reply
		}, "true", "false")
	})
	t.Run("capital_keys", func(t *testing.T) {
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			ctx := metadata.NewOutgoingContext(t.Context(), metadata.MD{"Tenant": {"a"}})
			reply, err := ask(ctx, cc, "tenant")
			return fmt.Sprint(status.Code(err), " ", reply)
		}, "Internal ", "OK a")
	})
	t.Run("secure_credentials", func(t *testing.T) {
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			reply, err := ask(t.Context(), cc, "audience", grpc.PerRPCCredentials(secure{}))
			return fmt.Sprint(status.Code(err), " ", reply)
		}, "Unauthenticated ", "OK https://inproc/grpc.health.v1.Health")
	})
	t.Run("invalid_utf8", func(t *testing.T) {
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			_, err := ask(t.Context(), cc, "\xff")
			return status.Code(err).String()
		}, "Internal", "OK")
	})
	t.Run("negative_zero", func(t *testing.T) {
		request := wrapperspb.Double(math.Copysign(0, -1))
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			reply := new(wrapperspb.DoubleValue)
			err := cc.Invoke(t.Context(), doubleMethod, request, reply)
			return fmt.Sprint(err, " ", math.Signbit(reply.GetValue()))
		}, "<nil> true", "<nil> false")
	})
	t.Run("deep_nesting", func(t *testing.T) {
		const levels = 12_000
		request := structpb.NewNullValue()
		for range levels {
			request = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{request}})
		}
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			reply := new(structpb.Value)
			err := cc.Invoke(t.Context(), nestedMethod, request, reply)
			arrived := 0
			for list := reply.GetListValue(); list != nil; list = list.Values[0].GetListValue() {
				arrived++
			}
			return fmt.Sprint(status.Code(err), " ", arrived)
		}, "Internal 0", "OK 12000")
	})
	t.Run("nested_unknown_bytes", func(t *testing.T) {
		list := new(structpb.ListValue)
		list.ProtoReflect().SetUnknown([]byte{1<<3 | 2, 0}) // an empty element of its field 1
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			reply := new(structpb.Value)
			err := cc.Invoke(t.Context(), nestedMethod, structpb.NewListValue(list), reply)
			return fmt.Sprint(err, " ", len(reply.GetListValue().GetValues()))
		}, "<nil> 1", "<nil> 0")
	})
	t.Run("nil_reply", func(t *testing.T) {
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) (outcome string) {
			defer func() {
				if recover() != nil {
					outcome = "panic"
				}
			}()
			err := cc.Invoke(t.Context(), nestedMethod, structpb.NewNullValue(), (*structpb.Value)(nil))
			return status.Code(err).String()
		}, "panic", "Internal")
	})
	t.Run("unexported_option", func(t *testing.T) {
		type own interface{ grpc.CallOption }
		type embedding struct{ own }
		expect(t, func(cc grpc.ClientConnInterface, _ *observer) string {
			var header metadata.MD
			_, err := ask(t.Context(), cc, "", embedding{grpc.Header(&header)})
			return fmt.Sprint(err, " ", len(header) > 0)
		}, "<nil> true", "<nil> false")
	})
	t.Run("goexit", func(t *testing.T) {
		channel := inprocchain.New()
		healthpb.RegisterHealthServer(channel, &service{})
		if _, err := ask(t.Context(), channel, "exit"); status.Code(err) != codes.Internal {
			t.Errorf("got %v", err)
		}
	})
	t.Run("client_context", func(t *testing.T) {
		type key struct{}
		var values []any
		channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(
			func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
				values = []any{ctx.Value(key{}), inprocgrpc.ClientContext(ctx).Value(key{})}
				return handler(ctx, req)
			}))
		healthpb.RegisterHealthServer(channel, &service{})
		_, _ = ask(context.WithValue(t.Context(), key{}, "mine"), channel, "")
		if got := fmt.Sprint(values); got != "[<nil> mine]" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("rpc_while_it_stops", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := new(stopping)
			chain := inprocchain.NewChain(inprocchain.WithClientStatsHandlers(h))
			server, network := serveNetwork(t, chain)
			channel := inprocchain.New(chain)
			healthpb.RegisterHealthServer(channel, &service{})
			h.expect(t, network, server.GracefulStop, codes.Internal)
			h.expect(t, channel, func() { _ = channel.Shutdown(context.Background()) }, codes.Unavailable)
		})
	})
	t.Run("flow_control", func(t *testing.T) {
		channel := inprocchain.New()
		grpchantesting.RegisterTestServiceServer(channel, neverReceiving{})
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := grpchantesting.NewTestServiceClient(channel).ClientStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		message := &grpchantesting.Message{Payload: make([]byte, 1<<20)}
		for range 20 {
			if err := stream.Send(message); err != nil {
				t.Fatal(err)
			}
		}
		go cancel() // Otherwise the next Send would block forever.
		if err := stream.Send(message); err == nil {
			t.Error("a send after 20 unread MiB does not block")
		}
	})
}

// docs/differences.md contains the names for which a user searches if something does not
// work as on a network.
func TestDifferencesNameWhatCannotWork(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(document)), " ")
	for _, name := range []string{
		"`authz`", "RBAC", "`grpc.PreparedMsg`", "`stats/opentelemetry`", "`orca.CallMetricsServerOption`", "`*grpc.Server`",
		"header list", "`grpc.MaxHeaderListSize`", "Goroutine labels", "the key `connection`", "`grpc.WaitForReady`",
		"`grpc.SetTrailer`", "`LocalAddr`", "`credentials.CheckSecurityLevel`", "`UnknownServiceHandler`",
	} {
		if !strings.Contains(text, name) {
			t.Errorf("docs/differences.md does not name %s", name)
		}
	}
}

// TestInProcessRunsNoClientSide shows what does not run for RPCs on InProcess().
func TestInProcessRunsNoClientSide(t *testing.T) {
	runs := 0
	channel := inprocchain.New(
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			runs++
			return invoker(ctx, method, req, reply, cc, opts...)
		}),
		inprocchain.WithUnaryServerInterceptors(audited),
	)
	healthpb.RegisterHealthServer(channel, answering{handler: func(context.Context) (string, error) { return "", context.DeadlineExceeded }})
	finished := 0
	_, err := ask(t.Context(), channel.InProcess(), "", grpc.OnFinish(func(error) { finished++ }))
	if runs != 0 || finished != 0 {
		t.Errorf("client interceptors ran %d times, OnFinish %d times, want neither", runs, finished)
	}
	// The handler side runs.
	if _, ok := status.FromError(err); !ok || status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v, want a status", err)
	}
	expectPanic(t, func() {
		_ = channel.InProcess().Invoke(t.Context(), "/bad", &healthpb.HealthCheckRequest{}, &healthpb.HealthCheckResponse{})
	})
}
