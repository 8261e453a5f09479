package hook

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/test/bufconn"

	"github.com/inprocchain/inprocchain"
)

var servers = registry{
	pending:   map[*grpc.Server]bool{},
	listeners: map[net.Listener]*server{},
	all:       map[*grpc.Server]*server{},
}

// A registry has the servers of this process.
type registry struct {
	mu        sync.Mutex
	pending   map[*grpc.Server]bool // made, but not serving yet
	listeners map[net.Listener]*server
	all       map[*grpc.Server]*server
}

func (r *registry) created(s *grpc.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending[s] = true
}

func (r *registry) serving(s *grpc.Server, listener net.Listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pending, s)
	if r.all[s] == nil {
		r.all[s] = &server{
			grpc:        s,
			address:     listener.Addr(),
			listenerTLS: application && fmt.Sprintf("%T", listener) == "*tls.listener",
		}
	}
	r.listeners[listener] = r.all[s]
}

func (r *registry) stopping(s *grpc.Server, graceful bool) {
	r.mu.Lock()
	stopped := r.all[s]
	delete(r.pending, s)
	for listener, one := range r.listeners {
		if one == stopped {
			delete(r.listeners, listener)
		}
	}
	r.mu.Unlock()
	if stopped != nil {
		stopped.stop(grpc.InprocOptions(s), graceful)
	}
}

func (r *registry) anyBufconn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for listener := range r.listeners {
		if _, ok := listener.(*bufconn.Listener); ok {
			return true
		}
	}
	return len(r.pending) > 0
}

// A server is a grpc.Server of this process and the Channel that has its
// services. Each connection to it is a client of that Channel.
type server struct {
	grpc    *grpc.Server
	address net.Addr
	// listenerTLS is set if the listener does the TLS handshake, so the server has no credentials.
	listenerTLS bool

	mu      sync.Mutex
	channel *inprocchain.Channel // made for the first connection
	conns   []*grpc.ClientConn
}

// untranslatable returns an option of the server that a Channel cannot have, or "".
func (s *server) untranslatable() string {
	options := grpc.InprocOptions(s.grpc)
	if len(options.Others) > 0 {
		return "server options " + strings.Join(options.Others, ", ")
	}
	for _, service := range options.Services {
		if service.Impl == nil {
			return "the nil implementation of " + service.Desc.ServiceName
		}
	}
	return ""
}

func (s *server) newClient(options grpc.InprocClientOptions) *grpc.ClientConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	serverOptions := grpc.InprocOptions(s.grpc)
	if s.channel == nil {
		s.channel = inprocchain.New(append(serverSide(serverOptions), inprocchain.WithAddr(dialed(s.address)))...)
		for _, service := range serverOptions.Services {
			s.channel.RegisterService(service.Desc, service.Impl)
		}
	}
	cc := s.channel.NewClient(clientSide(options, serverOptions, dialed(s.address))...).ClientConn()
	s.conns = append(s.conns, cc)
	return cc
}

// dialed returns the address to which a client on this machine connects.
func dialed(listener net.Addr) net.Addr {
	if tcp, ok := listener.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return listener
}

// stop shuts the Channel down as Stop or GracefulStop do with a server.
func (s *server) stop(options grpc.InprocServerOptions, graceful bool) {
	s.mu.Lock()
	channel, conns := s.channel, s.conns
	s.mu.Unlock()
	if channel == nil {
		return
	}
	switch {
	case graceful:
		_ = channel.Shutdown(context.Background())
	case options.WaitForHandlers:
		_ = channel.Close()
	default:
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_ = channel.Close()
		}()
		select {
		case <-closed:
		case <-time.After(20 * time.Millisecond): // Close continues to wait for handlers.
		}
	}
	for _, cc := range conns {
		if cc.GetState() != connectivity.Shutdown {
			grpc.InprocSetState(cc, connectivity.Idle)
		}
	}
}
