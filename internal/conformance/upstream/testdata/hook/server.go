package hook

import (
	"context"
	"net"
	"strings"
	"sync"

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

// A registry holds the servers of this process.
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
		r.all[s] = &server{grpc: s, address: listener.Addr()}
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
		stopped.stop(graceful)
	}
}

func (r *registry) anyPending() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pending) > 0
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

// A server is a grpc.Server of this process and the Channels that stand for
// connections to it.
type server struct {
	grpc    *grpc.Server
	address net.Addr

	mu       sync.Mutex
	channels []*inprocchain.Channel
	stopped  bool
}

// untranslatable returns what of the server a Channel cannot have.
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
	channel := s.newChannel(options)
	cc := channel.ClientConn()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels = append(s.channels, channel)
	return cc
}

func (s *server) newChannel(options grpc.InprocClientOptions) *inprocchain.Channel {
	serverOptions := grpc.InprocOptions(s.grpc)
	channel := inprocchain.New(append(serverSide(serverOptions), clientSide(options)...)...)
	for _, service := range serverOptions.Services {
		channel.RegisterService(service.Desc, service.Impl)
	}
	return channel
}

// stop does to the Channels what Stop or GracefulStop does to connections.
func (s *server) stop(graceful bool) {
	s.mu.Lock()
	channels := s.channels
	s.mu.Unlock()
	for _, channel := range channels {
		cc := channel.ClientConn()
		if graceful {
			_ = channel.Shutdown(context.Background())
		} else {
			ended, cancel := context.WithCancel(context.Background())
			cancel()
			_ = channel.Shutdown(ended)
		}
		if cc.GetState() != connectivity.Shutdown {
			grpc.InprocSetState(cc, connectivity.Idle)
		}
	}
}
