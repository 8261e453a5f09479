package differential_test

import (
	"io"
	"testing"

	"google.golang.org/grpc/grpclog"
)

func TestMain(m *testing.M) {
	// Programs are full of what grpc-go logs as an error.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	m.Run()
}
