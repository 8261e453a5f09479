package benchmarks_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testservice"
)

// openStreams is the number of streams that BenchmarkOpenStreams opens at the same time. They are
// so many that the garbage collector runs while they are opened: it chooses the first size of
// the stacks of new goroutines by the average of those that it finds.
const openStreams = 5000

// BenchmarkOpenStreams opens streams whose handlers wait for a message, and reports the memory
// that each of them needs, the stacks of its goroutines included.
func BenchmarkOpenStreams(b *testing.B) {
	waiting := new(waitingService)
	channel, server := inprocchain.New(), grpc.NewServer()
	pb.RegisterBenchmarkServiceServer(channel, waiting)
	pb.RegisterBenchmarkServiceServer(server, waiting)
	sides := []side{{"inprocchain", channel}, {"bufconn", testservice.Dial(b, server)}}
	for range *rounds {
		for _, on := range sides {
			b.Run(fmt.Sprintf("on=%v", on), func(b *testing.B) {
				var bytes uint64
				for b.Loop() {
					bytes = waiting.memoryOf(b, on.conn)
				}
				b.ReportMetric(float64(bytes)/openStreams, "B/stream")
			})
		}
	}
}

// A waitingService has handlers that wait for a message.
type waitingService struct {
	pb.UnimplementedBenchmarkServiceServer
	started, ended sync.WaitGroup
}

func (s *waitingService) StreamingCall(stream grpc.BidiStreamingServer[pb.SimpleRequest, pb.SimpleResponse]) error {
	defer s.ended.Done()
	s.started.Done()
	_, err := stream.Recv()
	return err
}

// memoryOf returns how many bytes open streams need.
func (s *waitingService) memoryOf(b *testing.B, cc grpc.ClientConnInterface) uint64 {
	ctx, cancel := context.WithCancel(b.Context())
	defer s.ended.Wait()
	defer cancel()
	client := pb.NewBenchmarkServiceClient(cc)
	streams := make([]pb.BenchmarkService_StreamingCallClient, openStreams)
	before := memoryInUse()
	s.started.Add(openStreams)
	s.ended.Add(openStreams)
	for i := range streams {
		stream, err := client.StreamingCall(ctx)
		if err != nil {
			b.Fatal(err)
		}
		streams[i] = stream
	}
	s.started.Wait()
	bytes := memoryInUse() - before
	runtime.KeepAlive(streams)
	return bytes
}

// memoryInUse returns the bytes of the heap and of all stacks.
func memoryInUse() uint64 {
	runtime.GC()
	runtime.GC() // The first one may only have begun to sweep.
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc + stats.StackInuse
}
