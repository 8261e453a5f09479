package chaintest

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
)

// A recorder records the RPCs on one connection.
type recorder struct {
	start      time.Time
	clientOnly bool          // whether it runs without its own interceptors and stats handlers
	changed    chan struct{} // has a value after an attempt has ended

	mu       sync.Mutex // guards what follows and everything that it refers to
	rpcs     []*rpc
	attempts map[string]*attempt
	methods  map[string]bool // that the server has
	handled  map[any]bool    // stats events that only the first stats handler has received
}

// An rpc is one RPC as its caller makes it. Client interceptors make attempts at
// it, usually one.
type rpc struct {
	method        string
	clientStreams bool
	serverStreams bool
	clientEvents  timeline
	attempts      []*attempt

	returned bool // to the caller, with code
	code     codes.Code
}

func (r *rpc) isStream() bool { return r.clientStreams || r.serverStreams }

func (r *rpc) isBidi() bool { return r.clientStreams && r.serverStreams }

// hasEnded reports whether the last attempt has ended on the client.
func (r *rpc) hasEnded() bool {
	if len(r.attempts) == 0 {
		return false
	}
	last := r.attempts[len(r.attempts)-1]
	return last.finished || last.client.ended && !last.hasOnFinish
}

// An attempt is an RPC as seen by the client's stats handlers, and by the server.
type attempt struct {
	rpc    *rpc
	id     string
	number int // among the attempts of the RPC, from 1

	client       progress
	tagged       bool // by the client's stats handlers
	headersSent  bool
	requestSent  bool
	responseRead bool // a message, from the stream
	hasOnFinish  bool // OnFinish will be called
	finished     bool // OnFinish was called, with result
	result       error

	server       progress
	serverEvents timeline
	requestsRead bool // the handler has received all messages of the client
	clientGone   bool // the client was gone when the handler returned
}

// progress is the progress of an attempt on one side.
type progress struct {
	beginTime time.Time
	begun     bool
	ended     bool
	code      codes.Code
	responded bool // the server has sent a trailer
	stopped   bool // recording stopped, since the attempt did not end in time
}

func (p *progress) isOpen() bool { return p.begun && !p.ended && !p.stopped }

func newRecorder(clientOnly bool) *recorder {
	return &recorder{
		start:      time.Now(),
		clientOnly: clientOnly,
		changed:    make(chan struct{}, 1),
		attempts:   map[string]*attempt{},
		methods:    map[string]bool{},
		handled:    map[any]bool{},
	}
}

// around returns the chain with the recorder's own interceptors and stats
// handlers before and after those of the chain.
func (r *recorder) around(chain inprocchain.Chain) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryServerInterceptors(r.unaryServer(outermost)),
		inprocchain.WithStreamServerInterceptors(r.streamServer(outermost)),
		inprocchain.WithClientStatsHandlers(firstClientHandler{r}),
		inprocchain.WithServerStatsHandlers(firstServerHandler{r}),
		chain,
		inprocchain.WithUnaryClientInterceptors(r.unaryClient(innermost)),
		inprocchain.WithStreamClientInterceptors(r.streamClient(innermost)),
		inprocchain.WithUnaryServerInterceptors(r.unaryServer(innermost)),
		inprocchain.WithStreamServerInterceptors(r.streamServer(innermost)),
		inprocchain.WithClientStatsHandlers(lastClientHandler{lastHandler{r}}),
		inprocchain.WithServerStatsHandlers(lastServerHandler{lastHandler{r}}),
	)
}

// The places at which a recorder observes an RPC, apart from stats events. They are the
// prefixes of the names of their events.
const (
	caller    = "caller"
	outermost = "outermost interceptor"
	innermost = "innermost interceptor"
)

// expectServices makes awaitEnd wait for the server's side of RPCs to these services.
func (r *recorder) expectServices(services map[string]grpc.ServiceInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for service, info := range services {
		for _, method := range info.Methods {
			r.methods["/"+service+"/"+method.Name] = true
		}
	}
}

// awaitEnd waits until every attempt has ended on both sides, or ctx has.
func (r *recorder) awaitEnd(ctx context.Context) {
	for !r.allEnded() {
		select {
		case <-r.changed:
		case <-ctx.Done():
			return
		}
	}
}

func (r *recorder) allEnded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.attempts {
		if a.client.isOpen() || a.server.isOpen() || a.isFinishing() || r.serverWillBegin(a) {
			return false
		}
	}
	return true
}

// code returns the client's code. If the server had ended the RPC before the
// client sent its message, grpc-go's stats.End says OK, but OnFinish gets the
// error.
func (a *attempt) code() codes.Code {
	if a.client.code == codes.OK {
		return status.Code(a.result)
	}
	return a.client.code
}

// isFinishing reports whether OnFinish has yet to be called, which happens after
// the end of the attempt.
func (a *attempt) isFinishing() bool { return a.hasOnFinish && a.client.ended && !a.finished }

// serverWillBegin reports whether the server has yet to begin an RPC whose client has
// failed and does not wait for it.
func (r *recorder) serverWillBegin(a *attempt) bool {
	failed := a.client.ended && a.code() != codes.OK
	sent := a.headersSent && (a.requestSent || a.rpc.isStream())
	return failed && sent && !a.server.begun && r.methods[a.rpc.method]
}

func (r *recorder) signalChange() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// stopOpen stops recording the attempts that have not ended, and describes them.
func (r *recorder) stopOpen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []string
	for _, rpc := range r.rpcs {
		for _, a := range rpc.attempts {
			if a.client.isOpen() {
				a.client.stopped = true
				found = append(found, fmt.Sprintf("%s has not ended on the client: receive from the stream until an error, or cancel its context", rpc.method))
			}
			if a.server.isOpen() {
				a.server.stopped = true
				found = append(found, fmt.Sprintf("%s has not ended on the server: its handler has not returned", rpc.method))
			}
		}
	}
	return found
}

// newRPC must be called with the lock held.
func (r *recorder) newRPC(method string, clientStreams, serverStreams bool) *rpc {
	made := &rpc{method: method, clientStreams: clientStreams, serverStreams: serverStreams}
	r.rpcs = append(r.rpcs, made)
	return made
}

// newAttempt must be called with the lock held.
func (r *recorder) newAttempt(of *rpc) *attempt {
	a := &attempt{rpc: of, id: strconv.Itoa(len(r.attempts) + 1), number: len(of.attempts) + 1}
	of.attempts = append(of.attempts, a)
	r.attempts[a.id] = a
	return a
}
