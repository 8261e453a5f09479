package details_test

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain/internal/testservice"
)

// A clientJournal records what a client's stats handler is told of the response.
type clientJournal struct {
	testservice.NoStats
	mu    sync.Mutex
	lines []string
}

func (j *clientJournal) HandleRPC(_ context.Context, event stats.RPCStats) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch event := event.(type) {
	case *stats.InHeader:
		j.lines = append(j.lines, fmt.Sprint("InHeader ", plain(event.Header)))
	case *stats.InTrailer:
		j.lines = append(j.lines, fmt.Sprint("InTrailer ", plain(event.Trailer)))
	case *stats.End:
		j.lines = append(j.lines, fmt.Sprint("End ", event.Error, plain(event.Trailer)))
	}
}

// events returns what has been recorded.
func (j *clientJournal) events() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return fmt.Sprint(j.lines)
}

func (j *clientJournal) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = nil
}
