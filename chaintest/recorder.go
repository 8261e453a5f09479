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

// A recorder writes down what happens to the RPCs of one side.
type recorder struct {
	since   time.Time
	changed chan struct{} // holds a token when something has ended

	mu       sync.Mutex // guards all that follows, and all that it leads to
	rpcs     []*rpc
	attempts map[string]*attempt
	methods  map[string]bool
	inOrder  map[any]bool // stats events on their way through the handlers
}

// An rpc is what a client asked for once. Interceptors make attempts at it, as
// a rule one.
type rpc struct {
	method        string
	clientStreams bool
	serverStreams bool
	client        timeline
	attempts      []*attempt
}

func (r *rpc) isStream() bool { return r.clientStreams || r.serverStreams }

func (r *rpc) isBidi() bool { return r.clientStreams && r.serverStreams }

// hasEnded reports whether the client knows that the last attempt has ended.
func (r *rpc) hasEnded() bool {
	if len(r.attempts) == 0 {
		return false
	}
	last := r.attempts[len(r.attempts)-1]
	return last.finished || last.client.ended && !last.watched
}

// An attempt is an RPC as the client's stats handlers know it, and what a
// server made of it.
type attempt struct {
	rpc    *rpc
	id     string
	number int // of the RPC's attempts, from 1

	tagged   bool
	client   course
	left     bool // for the server
	asked    bool // a message left
	watched  bool // for OnFinish
	finished bool
	result   error // of OnFinish

	served course
	server timeline
	read   bool // to the end of what the client sends
	gone   bool // the client had gone when the handler returned
}

// A course is one side's view of how far an attempt has come.
type course struct {
	begin    time.Time
	begun    bool
	ended    bool
	code     codes.Code
	answered bool // by OutTrailer, of the server
	frozen   bool // it did not end in time
}

func (c *course) open() bool { return c.begun && !c.ended && !c.frozen }

func newRecorder() *recorder {
	return &recorder{
		since:    time.Now(),
		changed:  make(chan struct{}, 1),
		attempts: map[string]*attempt{},
		methods:  map[string]bool{},
		inOrder:  map[any]bool{},
	}
}

// around returns the chain with the recorder's own before and after it.
func (r *recorder) around(chain inprocchain.Chain) inprocchain.Chain {
	return inprocchain.NewChain(
		inprocchain.WithUnaryClientInterceptors(r.unaryClient(outermost)),
		inprocchain.WithStreamClientInterceptors(r.streamClient(outermost)),
		inprocchain.WithUnaryServerInterceptors(r.unaryServer(outermost)),
		inprocchain.WithStreamServerInterceptors(r.streamServer(outermost)),
		inprocchain.WithClientStatsHandlers(firstClient{r}),
		inprocchain.WithServerStatsHandlers(firstServer{r}),
		chain,
		inprocchain.WithUnaryClientInterceptors(r.unaryClient(innermost)),
		inprocchain.WithStreamClientInterceptors(r.streamClient(innermost)),
		inprocchain.WithUnaryServerInterceptors(r.unaryServer(innermost)),
		inprocchain.WithStreamServerInterceptors(r.streamServer(innermost)),
		inprocchain.WithClientStatsHandlers(lastClient{last{r}}),
		inprocchain.WithServerStatsHandlers(lastServer{last{r}}),
	)
}

const (
	outermost = "outermost interceptor"
	innermost = "innermost interceptor"
)

// expect makes settle wait for the server's half of RPCs to these services.
func (r *recorder) expect(services map[string]grpc.ServiceInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for service, info := range services {
		for _, method := range info.Methods {
			r.methods["/"+service+"/"+method.Name] = true
		}
	}
}

// settle waits until every attempt has ended on both its ends, or ctx has.
func (r *recorder) settle(ctx context.Context) {
	for !r.settled() {
		select {
		case <-r.changed:
		case <-ctx.Done():
			return
		}
	}
}

func (r *recorder) settled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.attempts {
		if a.client.open() || a.served.open() || a.isFinishing() || r.isComing(a) {
			return false
		}
	}
	return true
}

// code is that of the client. grpc-go says OK in End, though OnFinish knows
// better, if it finds a message refused since the server has ended the RPC.
func (a *attempt) code() codes.Code {
	if a.client.code == codes.OK {
		return status.Code(a.result)
	}
	return a.client.code
}

// OnFinish is called after the end is told.
func (a *attempt) isFinishing() bool { return a.watched && a.client.ended && !a.finished }

// A client that gives an RPC up does not wait for the server to see it.
func (r *recorder) isComing(a *attempt) bool {
	gaveUp := a.client.ended && a.code() != codes.OK
	sent := a.left && (a.asked || a.rpc.isStream())
	return gaveUp && sent && !a.served.begun && r.methods[a.rpc.method]
}

func (r *recorder) tellChanged() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// unended stops recording the attempts that have not ended, and names them.
func (r *recorder) unended() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []string
	for _, rpc := range r.rpcs {
		for _, a := range rpc.attempts {
			if a.client.open() {
				a.client.frozen = true
				found = append(found, fmt.Sprintf("%s: no End on the client: receive from the stream until an error, or cancel its context", rpc.method))
			}
			if a.served.open() {
				a.served.frozen = true
				found = append(found, fmt.Sprintf("%s: no End on the server: its handler has not returned", rpc.method))
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

// A timeline is what happened in order, in lanes: between two lanes there is no order.
type timeline struct {
	lanes []lane
}

type lane struct {
	name   string
	events []event
}

func (t *timeline) add(name string, e event) {
	for i := range t.lanes {
		if t.lanes[i].name == name {
			t.lanes[i].events = append(t.lanes[i].events, e)
			return
		}
	}
	t.lanes = append(t.lanes, lane{name, []event{e}})
}
