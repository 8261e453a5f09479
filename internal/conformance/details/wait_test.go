package details_test

import (
	"sync"
	"testing"
	"time"
)

// waitFor waits for a group, and fails the test after a minute.
func waitFor(t *testing.T, group *sync.WaitGroup) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("what the test has started did not end within a minute")
	}
}

// withinMinute fails the test if call takes longer.
func withinMinute(t *testing.T, call func() error) error {
	t.Helper()
	returned := make(chan error, 1)
	go func() { returned <- call() }()
	select {
	case err := <-returned:
		return err
	case <-time.After(time.Minute):
		t.Fatal("the RPC did not end within a minute")
		return nil
	}
}
