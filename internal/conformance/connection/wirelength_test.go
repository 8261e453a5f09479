package connection_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A message is preceded by 5 bytes on the wire.
func TestWireLengthOfAMessageIncludesItsPrefix(t *testing.T) {
	t.Parallel()
	for name, sides := range map[string][]string{"both sides": {"client", "server"}, "the client": {"client"}, "the server": {"server"}} {
		t.Run("observed by "+name, func(t *testing.T) {
			t.Parallel()
			compare(t, nil, func(t *testing.T, over transport) *journal {
				j := new(journal)
				cc := over.open(t, recordingLengths(t, j, sides), service{}.register)
				if _, err := callUnary(t.Context(), cc); err != nil {
					t.Fatal(err)
				}
				if err := cc.Invoke(t.Context(), unaryMethod, new(text), new(text)); err != nil {
					t.Fatal(err)
				}
				if _, err := callBidi(t.Context(), cc); err != nil {
					t.Fatal(err)
				}
				return j
			})
		})
	}
}

// recordingLengths returns a chain with a lengthRecorder on each of the sides.
func recordingLengths(t *testing.T, j *journal, sides []string) inprocchain.Chain {
	var opts []inprocchain.Option
	for _, side := range sides {
		with := map[string]func(...stats.Handler) inprocchain.Option{"client": inprocchain.WithClientStatsHandlers, "server": inprocchain.WithServerStatsHandlers}[side]
		opts = append(opts, with(lengthRecorder{t: t, journal: j, side: side}))
	}
	return inprocchain.NewChain(opts...)
}

// A lengthRecorder is a stats handler that records the lengths of messages.
type lengthRecorder struct {
	testservice.NoStats
	*journal
	t    *testing.T
	side string
}

func (r lengthRecorder) HandleRPC(_ context.Context, event stats.RPCStats) {
	switch event := event.(type) {
	case *stats.OutPayload:
		r.lengths("sent", event.Length, event.CompressedLength, event.WireLength)
	case *stats.InPayload:
		r.lengths("received", event.Length, event.CompressedLength, event.WireLength)
	}
}

func (r lengthRecorder) lengths(what string, length, compressed, wire int) {
	r.add(r.side+" "+what, "%d, compressed %d, on the wire %d", length, compressed, wire)
	if wire != length+5 {
		r.t.Errorf("%s %s: WireLength is %d for a message of %d bytes, want 5 more", r.side, what, wire, length)
	}
}
