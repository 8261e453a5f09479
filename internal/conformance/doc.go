// Package conformance is the root of all tests that compare a channel with
// grpc-go: the suites that others have written for gRPC (grpc-go's, grpchan's,
// health, reflection), interceptors, telemetry, and the project's own scenarios.
//
// It is a module of its own, since it requires the newest grpc-go and much that
// users of inprocchain need not have.
package conformance
