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

// A side is a way from a client to its server.
type side struct {
	name string
	open func(ctx context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*served, error)
}

// What a side has opened.
type served struct {
	cc       grpc.ClientConnInterface
	services map[string]grpc.ServiceInfo
	drain    func(patience time.Duration) error // waits for handlers
	close    func()
}

var (
	onNetwork = side{"on the network", openNetwork}
	inProcess = side{"in-process", openInProcess}
)

var errHandlers = errors.New("a handler did not return although its RPC has ended; it should return when its context ends")

func openNetwork(ctx context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*served, error) {
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(append(chain.ServerOptions(), grpc.Creds(private{}))...)
	register(server)
	conn, err := grpc.NewClient("passthrough:///chaintest", append(chain.DialOptions(),
		grpc.WithTransportCredentials(private{}),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
	)...)
	if err != nil {
		return nil, err
	}
	serving := make(chan struct{})
	go func() {
		defer close(serving)
		_ = server.Serve(listener) // it ends when the server is stopped
	}()
	s := &served{
		cc:       conn,
		services: server.GetServiceInfo(),
		drain:    func(patience time.Duration) error { return drainServer(server, patience) },
		close: func() {
			_ = conn.Close()
			server.Stop()
			<-serving
		},
	}
	// Otherwise the first RPC could reach its deadline before it is sent.
	if err := awaitReady(ctx, conn); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
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

func drainServer(server *grpc.Server, patience time.Duration) error {
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		server.GracefulStop()
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-drained:
		return nil
	case <-timer.C:
		return errHandlers
	}
}

func openInProcess(_ context.Context, chain inprocchain.Chain, register func(grpc.ServiceRegistrar)) (*served, error) {
	ch := inprocchain.New(chain)
	register(ch)
	return serveChannel(ch, ch), nil
}

// serveChannel serves cc, whose RPCs run on ch.
func serveChannel(cc grpc.ClientConnInterface, ch *inprocchain.Channel) *served {
	drain := func(patience time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if ch.Shutdown(ctx) != nil {
			return errHandlers
		}
		return nil
	}
	return &served{
		cc:       cc,
		services: ch.GetServiceInfo(),
		drain:    drain,
		close: func() {
			_ = drain(0)
			_ = ch.ClientConn().Close() // which Shutdown leaves open while a handler runs
		},
	}
}
