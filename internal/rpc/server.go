package rpc

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// A Server is the handler's side of a channel: its services, and what runs around
// their handlers.
type Server struct {
	inproc   *inprocgrpc.Channel
	hooks    installedHooks
	methods  methods
	inFlight *InFlight
	authInfo credentials.AuthInfo // that of inprocgrpc
	direct   *connection          // of RPCs that are made on inproc itself
	format   *format              // of messages of those RPCs

	stats       stats.Handler                // nil if there is none
	unaryChain  grpc.UnaryServerInterceptor  // nil if there is none
	streamChain grpc.StreamServerInterceptor // nil if there is none
	maxRecvSize int                          // of requests; negative if there is no limit

	mu          sync.Mutex
	connections []*connection // whose end stats handlers want to know
	telling     int           // who tells stats handlers of ends, or is about to
	isShutDown  bool          // No connection begins any more.
	isClosing   bool          // Close has been called.

	closing chan struct{} // closed when isClosing
	ended   chan struct{} // closed when stats handlers have seen the ends of the connections
}

// A ServerConfig says what runs around the handlers of a channel.
type ServerConfig struct {
	Handlers    *grpchan.HandlerMap
	Stats       stats.Handler                // may be nil
	UnaryChain  grpc.UnaryServerInterceptor  // may be nil
	StreamChain grpc.StreamServerInterceptor // may be nil
	Addr        net.Addr                     // of RPCs that are made on the channel itself
	Cloner      inprocgrpc.Cloner            // the same; may be nil
	MaxRecvSize int                          // of requests; negative if there is no limit
}

// NewServer returns the handler's side of ch, and sets the hooks of ch.
func NewServer(ch *inprocgrpc.Channel, config ServerConfig) *Server {
	s := &Server{
		inproc:      ch,
		methods:     methods{registered: config.Handlers, guarded: map[*grpc.ServiceDesc]service{}},
		inFlight:    NewInFlight(),
		authInfo:    authInfoOf(ch),
		format:      newFormat(config.Cloner, false),
		stats:       config.Stats,
		unaryChain:  config.UnaryChain,
		streamChain: config.StreamChain,
		maxRecvSize: config.MaxRecvSize,
		closing:     make(chan struct{}),
		ended:       make(chan struct{}),
	}
	s.direct = newConnection(s, config.Addr, "", nil)
	s.hooks.install(s)
	s.registerAgain()
	return s
}

// FirstRPC returns the full method of the first RPC, or "" if there was none.
func (s *Server) FirstRPC() string { return s.methods.firstRPC() }

// accept admits an RPC that is made with ctx, until call leaves. Its error is the status of
// an RPC that is refused.
func (s *Server) accept(ctx context.Context, call *handlerCall) error {
	return s.acceptRemote(ctx, &call.entry, call)
}

// acceptRemote is accept for an RPC on another connection, until entry leaves.
func (s *Server) acceptRemote(ctx context.Context, entry *Entry, rpc cancelableRPC) error {
	if err := s.checkHooks(); err != nil {
		return err
	}
	return s.inFlight.Enter(ctx, entry, rpc)
}

// refusal returns the error with which accept would refuse an RPC that is made with ctx now.
func (s *Server) refusal(ctx context.Context) error {
	if err := s.checkHooks(); err != nil {
		return err
	}
	return s.inFlight.refusal(ctx)
}

// Shutdown refuses RPCs from now on and waits for those in flight, or until ctx
// ends. See [InFlight.Drain].
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.inFlight.Drain(ctx); err != nil {
		return err
	}
	s.endConnections()
	select {
	case <-s.ended:
		// The select below might choose ctx if both have ended.
		return nil
	default:
	}
	select {
	case <-s.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w; stats handlers have not returned from ConnEnd", ctx.Err())
	}
}

// Close refuses RPCs from now on, cancels those in flight, and waits for their
// handlers.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.isClosing {
		s.isClosing = true
		close(s.closing)
	}
	s.mu.Unlock()
	s.inFlight.Close()
	s.endConnections()
	<-s.ended
}

// checkReceived returns the error for a request that is too large, as recvMsg of grpc-go's
// rpc_util.go does.
func (s *Server) checkReceived(size int) error {
	if s.maxRecvSize < 0 {
		return nil
	}
	return wire.CheckReceivedSize(size, s.maxRecvSize)
}

// addConnection has c end with the server. It reports false if the server has been shut
// down.
func (s *Server) addConnection(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isShutDown {
		return false
	}
	s.connections = append(s.connections, c)
	return true
}

// removeConnection has c no longer end with the server.
func (s *Server) removeConnection(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections = slices.DeleteFunc(s.connections, func(other *connection) bool { return other == c })
}

// endConnections tells stats handlers that the connections have ended. Only the first call has an
// effect.
func (s *Server) endConnections() {
	s.mu.Lock()
	connections := s.connections
	s.connections, s.isShutDown = nil, true
	s.telling++ // until all have been added
	s.mu.Unlock()
	for _, c := range connections {
		s.tellEnd(c.end)
	}
	s.finishTelling()
}

// tellEnd calls tell, which tells stats handlers of the end of a connection, on a goroutine of its own.
// Shutdown waits for it.
func (s *Server) tellEnd(tell func()) {
	s.mu.Lock()
	s.telling++
	s.mu.Unlock()
	go func() {
		defer s.finishTelling() // Stats handlers may call Goexit.
		tell()
	}()
}

func (s *Server) finishTelling() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.telling--; s.telling > 0 || !s.isShutDown {
		return
	}
	select {
	case <-s.ended: // Shutdown was called before, or a connection has ended late.
	default:
		close(s.ended)
	}
}

// hasChain reports whether interceptors or stats handlers run around handlers.
func (s *Server) hasChain() bool {
	return s.stats != nil || s.unaryChain != nil || s.streamChain != nil
}

// growStack makes the stack of the handler's goroutine, which begins small, grow at
// once to what a chain needs, while there is still little on it to copy. This
// takes a tenth of the time of an RPC off (BenchmarkServerInterceptors).
//
//go:noinline
func growStack() byte {
	var room [4 << 10]byte
	return first(&room)
}

//go:noinline
func first(room *[4 << 10]byte) byte { return room[0] }
