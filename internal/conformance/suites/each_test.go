package suites_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// onEach runs a suite on each connection to the services that register registers.
func onEach(t *testing.T, register func(grpc.ServiceRegistrar), suite func(*testing.T, grpc.ClientConnInterface)) {
	t.Helper()
	for _, conn := range connect.All(t, inprocchain.NewChain(), register) {
		t.Run(conn.Name, func(t *testing.T) { suite(t, conn.Conn) })
	}
}
