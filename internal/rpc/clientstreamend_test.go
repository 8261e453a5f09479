package rpc

import (
	"testing"

	"github.com/inprocchain/inprocchain/internal/observe"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A header may arrive after a receiver has looked, and be told by another goroutine before the
// receiver takes the response. Nothing that a test controls runs in between.
func TestReceiverLooksAgainWhileEventsAreTold(t *testing.T) {
	t.Parallel()
	s := new(clientStream)
	s.stream = new(transportStream)
	s.events = observe.BeginClient(t.Context(), testservice.NoStats{}, "/test.Service/Bidi", true, true, true)
	for _, isTelling := range []bool{false, true} {
		s.isTelling = isTelling
		if got := s.hasUntold(); got != isTelling {
			t.Errorf("another goroutine tells events: %t; hasUntold is %t, want the same", isTelling, got)
		}
	}
}
