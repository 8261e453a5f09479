package chaintest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// openConn returns a connection with a chain. It is closed when the test ends.
func openConn(t *testing.T, over transport, opts ...inprocchain.Option) grpc.ClientConnInterface {
	t.Helper()
	conn, err := over.open(t.Context(), inprocchain.NewChain(opts...), register)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.close)
	return conn.conn
}

func TestCompareConnsPassesIfBothConnectionsAreEqual(t *testing.T) {
	t.Parallel()
	newStream := func(ctx context.Context, cc grpc.ClientConnInterface) grpc.ClientStream {
		s, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
		if err != nil {
			t.Error(err)
		}
		return s
	}
	for name, calls := range map[string]Calls{
		"unary": callUnary("message"), "failing unary": ignoringError(callUnary("fail")), "stream": callBidi,
		"concurrent RPCs": func(ctx context.Context, cc grpc.ClientConnInterface) error {
			errs := make(chan error)
			for i := range 20 {
				go func() { errs <- callUnary(fmt.Sprint("message ", i))(ctx, cc) }()
			}
			var err error
			for range 20 {
				err = errors.Join(err, <-errs)
			}
			return err
		},
		"canceled stream": func(ctx context.Context, cc grpc.ClientConnInterface) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			s := newStream(ctx, cc)
			return errors.Join(s.SendMsg(wrapperspb.String("message")), s.RecvMsg(new(wrapperspb.StringValue)))
		},
		"stream canceled before the response is read": func(ctx context.Context, cc grpc.ClientConnInterface) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			return newStream(ctx, cc).SendMsg(wrapperspb.String("message"))
		},
		"deadline": func(ctx context.Context, cc grpc.ClientConnInterface) error {
			ctx, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
			if err := newStream(ctx, cc).RecvMsg(new(wrapperspb.StringValue)); status.Code(err) != codes.DeadlineExceeded {
				return fmt.Errorf("got %v, want DeadlineExceeded", err)
			}
			return nil
		},
		"sending on a stream that the server has ended": func(ctx context.Context, cc grpc.ClientConnInterface) error {
			s := newStream(ctx, cc)
			for err := error(nil); err == nil; {
				err = s.SendMsg(wrapperspb.String("fail"))
			}
			if err := s.RecvMsg(new(wrapperspb.StringValue)); status.Code(err) != codes.NotFound {
				return fmt.Errorf("got %v, want NotFound", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			CompareConns(t, openConn(t, network), openConn(t, inProcess), calls)
		})
	}
}

func TestCompareConnsReportsDifferencesForTheCaller(t *testing.T) {
	t.Parallel()
	detailed, err := status.New(codes.NotFound, "nothing").WithDetails(wrapperspb.String("detail"))
	if err != nil {
		t.Fatal(err)
	}
	lossy := inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		return next(srv, lossyStream{ss, new(int)})
	})
	for _, c := range []struct {
		name  string
		added inprocchain.Option // to the channel
		calls Calls
		want  string
	}{
		{"response", unaryServer(func(context.Context, any, grpc.UnaryHandler) (any, error) {
			return wrapperspb.String("another"), nil
		}), callUnary("message"), `caller: returned: reply differs (-network +in-process): (*wrapperspb.StringValue)(Inverse(protocmp.Transform, protocmp.Message{ "@type": s"google.protobuf.StringValue", - "value": string("message"), + "value": string("another"), }))`},
		{"code", returning(status.Error(codes.Aborted, "nothing")), callUnary("fail"), `caller: returned: error is *status.Error with code NotFound and message "nothing" on the network, *status.Error with code Aborted and message "nothing" in-process`},
		{"message of a status", returning(status.Error(codes.NotFound, "else")), callUnary("fail"), `message "nothing" on the network, *status.Error with code NotFound and message "else" in-process`},
		{"details", returning(detailed.Err()), callUnary("fail"), `with *anypb.Any{`},
		{"header", unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("more", "1"))
			return next(ctx, req)
		}), callUnary("message"), `header is {content-type=["application/grpc"] header=["h"]} on the network, {content-type=["application/grpc"] header=["h"] more=["1"]} in-process`},
		{"trailer", unaryServer(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("more", "1"))
			return next(ctx, req)
		}), callUnary("message"), `trailer is {trailer=["t"]} on the network, {more=["1"] trailer=["t"]} in-process`},
		{"message of a stream", lossy, func(ctx context.Context, cc grpc.ClientConnInterface) error {
			s, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
			for range 3 {
				err = errors.Join(err, s.SendMsg(wrapperspb.String("message")))
			}
			err = errors.Join(err, s.CloseSend())
			for err == nil {
				err = s.RecvMsg(new(wrapperspb.StringValue))
			}
			if err == io.EOF {
				return nil
			}
			return err
		}, `client, receiving: on the network only, event 3: caller: RecvMsg`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onNetwork, inProcess := openConn(t, network), openConn(t, inProcess, c.added)
			failures := failuresOf(t, func(t testing.TB) { CompareConns(t, onNetwork, inProcess, ignoringError(c.calls)) })
			mustFailWith(t, failures, "/test.Service/", c.want)
			mustHaveFailures(t, failures, 1)
		})
	}
}

func TestCompareConnsReportsRPCsThatDoNotEnd(t *testing.T) {
	t.Parallel()
	onNetwork, inProcess := openConn(t, network), openConn(t, inProcess)
	failures := failuresOf(t, func(t testing.TB) {
		c := newComparison(func(ctx context.Context, cc grpc.ClientConnInterface) error {
			_, err := cc.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, bidiMethod)
			return err
		}, settings{})
		c.rpcTimeout = 100 * time.Millisecond
		c.conns(t, onNetwork, inProcess)
	})
	const text = bidiMethod + " has not ended on the client: receive from the stream until an error, or cancel its context"
	mustFailWith(t, failures, "on the network, "+text, "in-process, "+text)
}

func TestCompareConnsReportsThatEveryRPCIsUnimplemented(t *testing.T) {
	t.Parallel()
	empty := inprocchain.New()
	t.Cleanup(func() { _ = empty.Shutdown(context.Background()) })
	onNetwork := openConn(t, network)
	failures := failuresOf(t, func(t testing.TB) { CompareConns(t, onNetwork, empty, ignoringError(callUnary("message"))) })
	mustFailWith(t, failures, "chaintest: in-process, every RPC ended with Unimplemented; register the services that calls uses")
}

func TestCompareConnsReportsABareChannel(t *testing.T) {
	t.Parallel()
	bare := new(inprocgrpc.Channel)
	register(bare)
	onNetwork := openConn(t, network)
	failures := failuresOf(t, func(t testing.TB) {
		c := newComparison(callUnary("message"), settings{})
		c.rpcTimeout = 10 * time.Millisecond // A bare channel never calls OnFinish.
		c.conns(t, onNetwork, bare)
	})
	mustFailWith(t, failures, "client: on the network only, event 2: OnFinish")
}

func TestCompareConnsReportsMisuse(t *testing.T) {
	t.Parallel()
	conn := openConn(t, inProcess)
	none := func(context.Context, grpc.ClientConnInterface) error { return nil }
	const isNil = "CompareConns: network, inProcess and calls must not be nil"
	for _, c := range []struct {
		name, want string
		test       func(testing.TB)
	}{
		{"nil network", isNil, func(t testing.TB) { CompareConns(t, nil, conn, none) }},
		{"typed nil network", isNil, func(t testing.TB) { CompareConns(t, (*grpc.ClientConn)(nil), conn, none) }},
		{"nil channel", isNil, func(t testing.TB) { CompareConns(t, conn, (*inprocchain.Channel)(nil), none) }},
		{"nil calls", isNil, func(t testing.TB) { CompareConns(t, conn, conn, nil) }},
		{"same connection", "network and inProcess are the same connection", func(t testing.TB) { CompareConns(t, conn, conn, none) }},
		{"no RPC", "calls made no RPC", func(t testing.TB) { CompareConns(t, conn, &fakeConn{ClientConnInterface: conn}, none) }},
		{"connections that cannot be compared", "calls made no RPC", func(t testing.TB) {
			CompareConns(t, fakeConn{ClientConnInterface: conn}, fakeConn{ClientConnInterface: conn}, none)
		}},
		{"unsupported option", "CompareConns: WithServerSpansOnly has no effect here", func(t testing.TB) {
			CompareConns(t, conn, &fakeConn{ClientConnInterface: conn}, none, WithServerSpansOnly())
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			failures := failuresOf(t, c.test)
			mustFailWith(t, failures, c.want)
			mustHaveFailures(t, failures, 1)
		})
	}
}

// The first RPC must not reach its deadline while the connection is established.
func TestCompareConnsWaitsForTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := grpc.NewServer()
		register(server)
		listener := testservice.Listen(t, server)
		conn := testservice.Connect(t, func(ctx context.Context) (net.Conn, error) {
			time.Sleep(time.Second)
			return listener.DialContext(ctx)
		})
		channel := inprocchain.New()
		register(channel)
		CompareConns(t, conn, channel, func(ctx context.Context, cc grpc.ClientConnInterface) error {
			ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			return callUnary("message")(ctx, cc)
		})
	})
}

func TestCompareConnsReportsErrorsOfDialing(t *testing.T) {
	t.Parallel()
	conn, err := grpc.NewClient("passthrough:///closed", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return nil, errors.New("no listener") }))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	inProcess := openConn(t, inProcess)
	failures := failuresOf(t, func(t testing.TB) { CompareConns(t, conn, inProcess, callUnary("message")) })
	mustFailWith(t, failures, "on the network, calls returned an error: rpc error: code = Unavailable", "no listener")
}

func TestCallsMayUnwrapTheConnection(t *testing.T) {
	t.Parallel()
	channel := openConn(t, inProcess)
	var found []bool
	CompareConns(t, openConn(t, network), channel, func(ctx context.Context, cc grpc.ClientConnInterface) error {
		got, ok := inprocchain.As[*inprocchain.Channel](cc)
		found = append(found, ok && got == channel)
		return callUnary("message")(ctx, cc)
	})
	if !slices.Equal(found, []bool{true, false}) {
		t.Errorf("As found the channel: %v, want only in-process", found)
	}
}

func TestCompareConnsLeavesConnectionsOpen(t *testing.T) {
	t.Parallel()
	onNetwork, inProcess := openConn(t, network), openConn(t, inProcess)
	for range 2 {
		CompareConns(t, onNetwork, inProcess, callBoth)
	}
	if err := errors.Join(callBoth(t.Context(), onNetwork), callBoth(t.Context(), inProcess)); err != nil {
		t.Error(strings.TrimSpace(err.Error()))
	}
}
