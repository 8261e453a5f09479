package suites_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/way"
)

// inEach runs a suite against the services that register registers, once for
// each way.
func inEach(t *testing.T, register func(grpc.ServiceRegistrar), suite func(*testing.T, grpc.ClientConnInterface)) {
	t.Helper()
	for _, way := range way.All(t, inprocchain.NewChain(), register) {
		t.Run(way.Name, func(t *testing.T) { suite(t, way.Conn) })
	}
}
