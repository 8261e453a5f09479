//go:build !race

package random_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
)

// A memoryProgram says what is in memory when the heap is measured: what many RPCs leave behind, or
// the messages of one stream whose receiver does not receive.
type memoryProgram struct {
	program      // with a message and stats handlers only
	stalls       bool
	handlerSends bool // in a stream that stalls; otherwise the client does
	parent       int  // of each of many RPCs: noParent, or detached from the handler before
	method       int  // of many RPCs: the stream or the unary method
}

// The number of RPCs, and of messages unless the sender blocks before.
const (
	memoryRPCs     = 3_000
	memoryMessages = 400_000
)

// allowed is how many bytes more a Channel may keep than a network. What a stream that stalls may hold
// is in docs/differences.md.
func (p memoryProgram) allowed() int64 {
	if p.stalls {
		return 24 << 20
	}
	return 1 << 20
}

func (p memoryProgram) String() string {
	text := fmt.Sprintf("%d RPCs, %s%s", memoryRPCs, methods[p.method].name, parentNames[p.parent])
	switch {
	case p.stalls && p.handlerSends:
		text = "a stream whose client does not receive"
	case p.stalls:
		text = "a stream whose handler does not receive"
	}
	return fmt.Sprintf("%s, of %s, with %d and %d stats handlers", text, messages[p.message].name, len(p.clientStats), len(p.serverStats))
}

func generateMemory(seed, number uint64) memoryProgram {
	r := rand.New(rand.NewPCG(seed, number))
	return memoryProgram{
		program: program{
			message:     r.IntN(len(messages)),
			clientStats: make([]behavior, r.IntN(2)),
			serverStats: make([]behavior, r.IntN(2)),
		},
		stalls:       r.IntN(2) == 0,
		handlerSends: r.IntN(2) == 0,
		parent:       []int{noParent, detached}[r.IntN(2)],
		method:       r.IntN(2),
	}
}

// TestProgramsKeepNoMoreMemoryThanOnANetwork measures the heap after random programs. It runs one of
// them for twenty of the other test.
func TestProgramsKeepNoMoreMemoryThanOnANetwork(t *testing.T) {
	first, count := *start, *programs/20
	if *only >= 0 {
		first, count = uint64(*only), 1
	}
	for number := first; number < first+count; number++ {
		p := generateMemory(*seed, number)
		onNetwork, onChannel := p.keeps(t, network), p.keeps(t, channel)
		if onChannel > onNetwork+p.allowed() {
			t.Errorf("-random.only=%d: %s: the Channel keeps %d KiB, and the network %d KiB", number, p, onChannel>>10, onNetwork>>10)
		}
	}
}

// keeps runs the program, and returns by how many bytes the heap has grown.
func (p memoryProgram) keeps(t *testing.T, s side) (bytes int64) {
	synctest.Test(t, func(t *testing.T) {
		r := &run{program: p.program, clock: clocks[0], side: s}
		r.over, r.endOver = context.WithCancel(context.Background())
		defer r.endOver()
		r.connection = s.open(r)
		defer r.connection.close()
		r.connection.connect()
		r.warmUp()
		before := heap()
		var handlerContext context.Context
		r.serveOthers = func(h *handlerCall) error {
			handlerContext = h.ctx
			if p.stalls {
				p.stall(r, h.stream, p.handlerSends)
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		if p.stalls {
			stream := r.openOther(ctx, 0)
			go p.stall(r, stream, !p.handlerSends)
		} else {
			p.makeRPCs(ctx, r, &handlerContext)
		}
		bytes = heap() - before
		runtime.KeepAlive(handlerContext)
		cancel()
	})
	return bytes
}

// heap returns how many bytes are in use when all goroutines are blocked.
func heap() int64 {
	synctest.Wait()
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// A stream is either half of a stream.
type stream interface {
	Context() context.Context
	SendMsg(m any) error
}

// stall sends messages if it is the sender, and waits for the end of the stream.
func (p memoryProgram) stall(r *run, half stream, sends bool) {
	for range memoryMessages {
		if !sends || half.SendMsg(r.newMessage(0)) != nil {
			break
		}
	}
	<-half.Context().Done()
}

// makeRPCs makes RPCs one after the other.
func (p memoryProgram) makeRPCs(ctx context.Context, r *run, before *context.Context) {
	for range memoryRPCs {
		parent := ctx
		if p.parent == detached && *before != nil {
			parent = context.WithoutCancel(*before)
		}
		ctx, cancel := context.WithCancel(parent)
		if methods[p.method].unary {
			_ = r.clients[0].Invoke(ctx, methods[p.method].fullMethod, r.newMessage(0), r.emptyMessage())
		} else {
			stream := r.openOther(ctx, p.method)
			_ = stream.SendMsg(r.newMessage(0))
			_ = stream.RecvMsg(r.emptyMessage())
		}
		cancel()
	}
}

// openOther opens a stream that is no call of a program.
func (r *run) openOther(ctx context.Context, method int) grpc.ClientStream {
	m := methods[method]
	stream, err := r.clients[0].NewStream(ctx, &grpc.StreamDesc{ClientStreams: m.clientStreams, ServerStreams: m.serverStreams}, m.fullMethod)
	if err != nil {
		panic("NewStream: " + err.Error())
	}
	return stream
}
