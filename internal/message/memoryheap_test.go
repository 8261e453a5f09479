//go:build !race

package message

import (
	"runtime"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
)

// The estimate must be near to what the copies of a kind of message hold in a queue. make compat
// runs this test, since it takes six times as long with the race detector and nothing in it is
// concurrent.
func TestMemoryIsNearToTheHeap(t *testing.T) {
	itself := inprocgrpc.CloneFunc(func(m any) (any, error) { return m, nil })
	for _, test := range memoryCases() {
		t.Run(test.name+"/itself", func(t *testing.T) { compareMemory(t, &Transfer{Cloner: itself}, test.make) })
		if !test.isPlain {
			t.Run(test.name+"/copied", func(t *testing.T) { compareMemory(t, new(Transfer), test.make) })
		}
	}
}

func compareMemory(t *testing.T, transfer *Transfer, make func() any) {
	newCopy := func() (c Copy) {
		if err := transfer.Copy(&c, make(), false); err != nil {
			t.Fatal(err)
		}
		return c
	}
	one := newCopy()
	estimate := one.Memory()
	n := min(max(10, 2<<20/estimate), 20000)
	before := heap()
	var queue []Copy
	for range n {
		queue = append(queue, newCopy())
	}
	held := float64(heap()-before) / float64(n)
	runtime.KeepAlive(queue)
	ratio := float64(estimate) / held
	t.Logf("estimated %d bytes, %.0f held: %.2f", estimate, held, ratio)
	if ratio < 0.8 || ratio > 2 {
		t.Errorf("estimated %d bytes, and a message holds %.0f", estimate, held)
	}
}
