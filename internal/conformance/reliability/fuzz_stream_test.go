package reliability_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// FuzzStream treats its input as a program, a sequence of calls of a client on its
// stream, and runs it on a network and on a channel.
func FuzzStream(f *testing.F) {
	for _, program := range []string{
		"bppRRCR", "bhHRCRT", "bCHR", "beRT", "bxRpR", "bpX", "bpRXR", "bpnlRRRC",
		"bqR", "bCpR", "btsRRCRT", "cppCR", "cCR", "ceR", "cxR", "cdCR", "cphHCR",
		"cpCpR", "spRRRR", "shHRRRRT", "sCR", "sppR", "seR", "stRRRRT", "sdRRRRRRR",
	} {
		f.Add([]byte(program))
	}
	service := scripted{stream: serveProgram}
	network, ch := service.onNetwork(f), service.onChannel()
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) > 60 {
			return // Longer programs test nothing else.
		}
		want, got := runProgram(t, network, program), runProgram(t, ch, program)
		if got != want {
			t.Errorf("%q\nin-process:\n%son the network:\n%s", program, got, want)
		}
	})
}

// A run executes a program. It tracks the state of the handler, to skip calls that would
// block forever, and to leave results out of the log that vary on a network.
type run struct {
	stream grpc.ClientStream
	cancel context.CancelFunc
	method string
	log    strings.Builder

	closed      bool // for sending
	ending      bool // a command that ends the handler has been sent
	header      bool // a command that sends the header has been sent
	sent        int
	owed, bytes int  // the messages that the handler sends and the client has not received
	over        bool // the RPC has ended on the client
	racy        bool // all later results vary on a network
	failed      bool // the RPC must end with an error
}

var programKinds = map[byte]struct {
	method string
	desc   grpc.StreamDesc
}{
	'b': {scriptedBidi, *bidi},
	'c': {scriptedClientStream, grpc.StreamDesc{ClientStreams: true}},
	's': {scriptedServerStream, grpc.StreamDesc{ServerStreams: true}},
}

func runProgram(t *testing.T, cc grpc.ClientConnInterface, program []byte) string {
	if len(program) == 0 {
		return ""
	}
	kind, ok := programKinds[program[0]]
	if !ok {
		kind = programKinds["bcs"[program[0]%3]]
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	stream, err := cc.NewStream(ctx, &kind.desc, kind.method)
	if err != nil {
		t.Fatalf("NewStream: %v", err)
	}
	r := &run{stream: stream, cancel: cancel, method: kind.method}
	for _, op := range program[1:] {
		r.step(op)
	}
	err = r.finish()
	if _, network := cc.(*grpc.ClientConn); !network && r.failed && (err == nil || err == io.EOF) { // On a network, the response may arrive first.
		t.Errorf("%q was canceled, but succeeded:\n%s", program, r.log.String())
	}
	if ctx.Err() == context.DeadlineExceeded {
		t.Fatalf("%q hangs:\n%s", program, r.log.String())
	}
	return r.log.String()
}

func (r *run) step(op byte) {
	switch op {
	case 'p', 'h', 's', 't', 'd', 'e', 'x':
		r.send(wrapperspb.Bytes([]byte{op}))
	case 'l':
		r.send(wrapperspb.Bytes(append([]byte{'p'}, make([]byte, 8<<10)...)))
	case 'n':
		r.send((*wrapperspb.BytesValue)(nil))
	case 'q':
		r.note("SendMsg of an invalid message", r.stream.SendMsg(new(testpb.Required)))
		r.cancelled()
	case 'R':
		r.recv()
	case 'H':
		r.readHeader()
	case 'C':
		r.note("CloseSend", r.stream.CloseSend())
		r.closed = true
	case 'T':
		r.readTrailer()
	case 'X':
		r.cancel()
		r.cancelled()
	default: // made by the fuzzer
		r.step("phstdexlnqRHCTX"[op%15])
	}
}

func (r *run) send(m *wrapperspb.BytesValue) {
	if r.bytes+len(m.GetValue()) > 40<<10 {
		return // A flow-control window may be full then.
	}
	err := r.stream.SendMsg(m)
	if r.ending && (err == nil || err == io.EOF) {
		return // Whether the handler has ended already varies.
	}
	r.note(fmt.Sprintf("SendMsg %.1s", m.GetValue()), err)
	if err != nil {
		r.cancelled() // The error has ended the RPC.
		return
	}
	r.sent++
	r.expect(m.GetValue())
	if r.method == scriptedServerStream {
		r.closed = true
	}
}

// expect records the effect of a message on serveProgram.
func (r *run) expect(value []byte) {
	command := commandOf(value)
	if command == 'e' || command == 'x' || command == 'h' && r.header {
		r.ending = true // A second header is an error.
		return
	}
	r.header = r.header || command == 'h' || r.method != scriptedClientStream
	replies := 1
	if command == 'd' {
		replies++
	}
	if r.method == scriptedServerStream {
		replies++
	}
	r.owed += replies
	r.bytes += replies * len(value)
}

// cancelled records that the client has ended the RPC, by canceling it or by an error.
func (r *run) cancelled() {
	r.failed = r.failed || !r.endsByItself()
	r.racy, r.over = true, true
}

func (r *run) endsByItself() bool {
	return r.over || r.ending || r.closed
}

func (r *run) recv() (err error) {
	if !r.endsByItself() && (r.owed == 0 || r.method == scriptedClientStream) {
		return nil // It would block forever.
	}
	m := new(wrapperspb.BytesValue)
	err = r.stream.RecvMsg(m)
	r.note(fmt.Sprintf("RecvMsg %.1s and %d bytes", m.GetValue(), len(m.GetValue())), err)
	if r.owed--; r.owed <= 0 {
		r.owed, r.bytes = 0, 0
	}
	if err != nil || r.method == scriptedClientStream {
		r.over = true
	}
	if err != nil && commandOf(m.Value) == 'd' {
		r.racy = true // In grpc-go, a client stream with two responses never ends.
	}
	return err
}

func (r *run) readHeader() {
	if !r.endsByItself() && !r.header {
		return // It would block forever.
	}
	header, err := r.stream.Header()
	r.note(fmt.Sprintf("Header %v", header["key"]), err)
}

func (r *run) readTrailer() {
	if r.over && !r.racy {
		r.note(fmt.Sprintf("Trailer %v", r.stream.Trailer()["key"]), nil)
	}
}

// finish receives until an error, and returns it.
func (r *run) finish() error {
	r.note("CloseSend", r.stream.CloseSend())
	r.closed = true
	var err error
	for err = r.recv(); err == nil && r.method != scriptedClientStream; err = r.recv() {
	}
	r.readHeader()
	r.readTrailer()
	return err
}

func (r *run) note(call string, err error) {
	if !r.racy {
		fmt.Fprintf(&r.log, "%s: %v\n", call, err)
	}
}
