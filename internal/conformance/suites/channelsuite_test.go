package suites_test

import (
	"testing"

	"github.com/fullstorydev/grpchan/grpchantesting"
	"google.golang.org/grpc"
)

// The suite of grpchan for channels, including the cases for full-duplex streams.
func TestGrpchanSuite(t *testing.T) {
	t.Parallel()
	register := func(s grpc.ServiceRegistrar) {
		grpchantesting.RegisterTestServiceServer(s, &grpchantesting.TestServer{})
	}
	onEach(t, register, func(t *testing.T, cc grpc.ClientConnInterface) {
		t.Parallel()
		grpchantesting.RunChannelTestCases(t, cc, true)
	})
}
