package chaintest

import (
	"context"
	"errors"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

// A transport connects a client to services that run a chain.
type transport struct {
	name string
	open func(ctx context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*connection, error)
}

var (
	network   = transport{onNetwork, openNetwork}
	inProcess = transport{inThisProcess, openInProcess}
)

// The names of the transports in failure messages.
const (
	onNetwork     = "on the network"
	inThisProcess = "in-process"
)

// A connection is a client connection that a transport has opened, and its services.
type connection struct {
	conn     grpc.ClientConnInterface
	services map[string]grpc.ServiceInfo
	drain    func(timeout time.Duration) error // waits for handlers
	close    func()
}

var errHandlerRunning = errors.New("a handler did not return although its RPC has ended; it should return when its context ends")

func openNetwork(ctx context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*connection, error) {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(append(chain.ServerOptions(), grpc.Creds(memoryCredentials{}))...)
	register(server)
	conn, err := grpc.NewClient("passthrough:///chaintest", append(chain.DialOptions(),
		grpc.WithTransportCredentials(memoryCredentials{}),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	)...)
	if err != nil {
		return nil, err
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = server.Serve(listener) // returns when the server is stopped
	}()
	var drainErr error
	c := &connection{
		conn:     conn,
		services: server.GetServiceInfo(),
		drain: func(timeout time.Duration) error {
			drainErr = drainServer(server, timeout)
			return drainErr
		},
		close: func() {
			_ = conn.Close()
			if drainErr != nil {
				return // Stop would wait for the handler, because GracefulStop does.
			}
			server.Stop()
			<-stopped
		},
	}
	// Otherwise the first RPC could reach its deadline before it is sent.
	if err := awaitReady(ctx, conn); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func awaitReady(ctx context.Context, conn *grpc.ClientConn) error {
	conn.Connect()
	for state := conn.GetState(); state != connectivity.Ready; state = conn.GetState() {
		if !conn.WaitForStateChange(ctx, state) {
			return ctx.Err()
		}
	}
	return nil
}

func drainServer(server *grpc.Server, timeout time.Duration) error {
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		server.GracefulStop()
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-drained:
		return nil
	case <-timer.C:
		return errHandlerRunning
	}
}

func openInProcess(_ context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*connection, error) {
	channel := inprocchain.New(chain)
	register(channel)
	return connectTo(channel, channel), nil
}

// connectTo returns the connection of conn, whose RPCs run on the channel.
func connectTo(conn grpc.ClientConnInterface, channel *inprocchain.Channel) *connection {
	drain := func(timeout time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		if channel.Shutdown(ctx) != nil {
			return errHandlerRunning
		}
		return nil
	}
	return &connection{
		conn:     conn,
		services: channel.GetServiceInfo(),
		drain:    drain,
		close: func() {
			_ = drain(0)
			_ = channel.ClientConn().Close() // Shutdown leaves it open while a handler runs.
		},
	}
}
