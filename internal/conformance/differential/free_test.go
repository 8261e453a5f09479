package differential_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inprocchain/inprocchain"
)

// executeFreely runs the program on one side without steps: each actor makes its calls in its
// own goroutine, without waiting for the others.
func executeFreely(t *testing.T, p program, s side) outcome {
	r := &run{recorder: new(recorder), program: p, side: s, free: true}
	return r.inBubble(t, r.playFreely)
}

func (r *run) playFreely() {
	r.begin = time.Now()
	r.connection = r.side.open(inprocchain.NewChain(r.chain()...), r.register)
	r.ctx, r.cancel = contexts[r.program.context](r)
	synctest.Wait()

	var environment, client sync.WaitGroup
	environment.Go(r.playEnvironment)
	client.Go(r.playClient)
	client.Wait()
	r.cancel()
	environment.Wait()
	synctest.Wait()
	r.recordResults()
	r.shutDown()
	if r.close != nil {
		_ = r.close() // It returns an error if the connection was already closed.
	}
}

func (r *run) playEnvironment() {
	var shutdown sync.WaitGroup
	shutdown.Go(func() { r.follow(server, nil) })
	r.follow(environment, nil)
	// Both sides of a program may wait for each other. Only then does time pass.
	time.Sleep(10 * time.Second)
	r.cancel()
	shutdown.Wait()
}

func (r *run) playClient() {
	if r.method().unary {
		r.follow(clientSender, nil)
		return
	}
	opOpen.call(r, nil, 0)
	if r.stream == nil {
		return
	}
	var sending sync.WaitGroup
	sending.Go(func() { r.follow(clientSender, nil) })
	r.follow(clientReceiver, nil)
	for range 30 {
		if r.received {
			break
		}
		opClientReceive.call(r, nil, 0)
	}
	for range 2 {
		opClientHeader.call(r, nil, 0)
		opClientTrailer.call(r, nil, 0)
		opClientReceive.call(r, nil, 0)
	}
	sending.Wait()
}

// playHandler makes the handler's calls, until one of them ends the handler.
func (r *run) playHandler(h *handlerCall) {
	var receiving sync.WaitGroup
	if h.stream != nil {
		receiving.Go(func() { r.follow(handlerReceiver, h) })
	}
	r.follow(handlerSender, h)
	receiving.Wait()
	if !h.returned {
		opReturnError.call(r, h, 0)
	}
}

// follow makes the calls of one actor in order, with random pauses.
func (r *run) follow(a actor, h *handlerCall) {
	for _, s := range r.program.steps {
		if s.op.actor != a {
			continue
		}
		for range rand.IntN(8) * rand.IntN(8) {
			runtime.Gosched()
		}
		if h == nil && s.op.possible != nil && !s.op.possible(r) {
			continue
		}
		s.op.call(r, h, s.arg)
		if a == handlerSender && h.returned {
			return
		}
	}
}
