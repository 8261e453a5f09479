//go:build upstream

package main

// go.mod requires the modules whose tests are run, and what their tests import.
import (
	_ "github.com/fullstorydev/grpcurl"
	_ "github.com/go-openapi/runtime/client"
	_ "github.com/go-openapi/strfmt"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/protovalidate"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/realip"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/timeout"
	_ "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/validator"
	_ "github.com/grpc-ecosystem/grpc-gateway/v2/examples/internal/clients/abe/client"
	_ "github.com/grpc-ecosystem/grpc-gateway/v2/examples/internal/gateway"
	_ "github.com/grpc-ecosystem/grpc-gateway/v2/examples/internal/server"
	_ "github.com/jhump/protoreflect/dynamic/grpcdynamic"
	_ "github.com/jhump/protoreflect/grpcreflect"
	_ "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	_ "google.golang.org/grpc/health"
	_ "google.golang.org/grpc/interop"
	_ "google.golang.org/grpc/orca"
	_ "google.golang.org/grpc/reflection"
	_ "google.golang.org/grpc/test"

	_ "github.com/inprocchain/inprocchain"
)
