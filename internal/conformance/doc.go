// Package conformance contains the tests that compare a channel with grpc-go: test
// suites of other projects (grpc-go, grpchan, health, reflection), and this project's
// own tests of interceptors, telemetry and RPCs.
//
// It is a separate module, because it requires the newest grpc-go and other modules that
// users of inprocchain do not need.
package conformance
