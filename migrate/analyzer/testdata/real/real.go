// Package real imports the real packages against which the test files of the
// analyzer are compiled.
package real

import (
	_ "github.com/fullstorydev/grpchan"
	_ "github.com/fullstorydev/grpchan/httpgrpc"
	_ "github.com/fullstorydev/grpchan/inprocgrpc"
	_ "github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	_ "github.com/inprocchain/inprocchain"
	_ "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	_ "go.opentelemetry.io/otel/trace"
	_ "google.golang.org/grpc/health"
)
