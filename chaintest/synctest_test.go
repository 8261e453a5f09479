package chaintest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

func TestTimesAreEqualInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chaintest.Compare(t, inprocchain.Chain{}, registerClock, now)
	})
}

func TestDurationsAreEqualInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chaintest.Compare(t, inprocchain.Chain{}, registerClock, waitOneHour)
	})
}

func TestTimesAndDurationsOfConnsAreEqualInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(inprocchain.Chain{}, inprocchain.Chain{}, registerClock)
		defer app.stop()
		chaintest.CompareConns(t, app.conn, app.channel, now)
		chaintest.CompareConns(t, app.conn, app.channel, waitOneHour)
	})
}

func waitOneHour(ctx context.Context, cc grpc.ClientConnInterface) error {
	elapsed := new(durationpb.Duration)
	if err := cc.Invoke(ctx, "/Clock/WaitOneHour", wrapperspb.String(""), elapsed); err != nil {
		return err
	}
	if elapsed.AsDuration() != time.Hour {
		return fmt.Errorf("waited %v, want an hour", elapsed.AsDuration())
	}
	return nil
}

// registerClock registers a service that returns the time, or waits for an hour
// and returns how long that took.
func registerClock(registrar grpc.ServiceRegistrar) {
	registerMethods(registrar, "Clock", map[string]func(context.Context, string) (any, error){
		"Now": func(context.Context, string) (any, error) { return timestamppb.Now(), nil },
		"WaitOneHour": func(context.Context, string) (any, error) {
			start := time.Now()
			time.Sleep(time.Hour)
			return durationpb.New(time.Since(start)), nil
		},
	})
}

func now(ctx context.Context, cc grpc.ClientConnInterface) error {
	return cc.Invoke(ctx, "/Clock/Now", wrapperspb.String(""), new(timestamppb.Timestamp))
}

func registerMethods(registrar grpc.ServiceRegistrar, service string, methods map[string]func(context.Context, string) (any, error)) {
	desc := &grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil)}
	for name, serve := range methods {
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			req := new(wrapperspb.StringValue)
			if err := decode(req); err != nil {
				return nil, err
			}
			handler := func(ctx context.Context, req any) (any, error) {
				return serve(ctx, req.(*wrapperspb.StringValue).Value)
			}
			if interceptor == nil {
				return handler(ctx, req)
			}
			return interceptor(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + service + "/" + name}, handler)
		}})
	}
	registrar.RegisterService(desc, struct{}{})
}

// An app serves a network and its own process, as an application does. The
// chains should be the same.
type app struct {
	server  *grpc.Server
	conn    *grpc.ClientConn // to the listener
	channel *inprocchain.Channel
}

func newApp(forNetwork, forChannel inprocchain.Chain, register func(grpc.ServiceRegistrar)) app {
	a := app{server: grpc.NewServer(forNetwork.ServerOptions()...), channel: inprocchain.New(forChannel)}
	register(inprocchain.MultiRegistrar(a.server, a.channel))
	listener := bufconn.Listen(1 << 16)
	go func() { _ = a.server.Serve(listener) }()
	var err error
	a.conn, err = grpc.NewClient("passthrough:///app", append(forNetwork.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		panic(err)
	}
	return a
}

func (a app) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := errors.Join(a.conn.Close(), a.channel.Shutdown(ctx))
	a.server.Stop()
	if err != nil {
		panic(err)
	}
}
