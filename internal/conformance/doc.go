// Package conformance holds tests alone: it runs what others have written for
// gRPC — grpc-go's and grpchan's own suites, health, reflection, interceptors,
// OpenTelemetry, Prometheus — over an [inprocchain.Channel], and holds what
// comes of it against a network connection made from the same chain.
//
// It is a module of its own, so that users of inprocchain need nothing of this.
//
// [inprocchain.Channel]: https://pkg.go.dev/github.com/inprocchain/inprocchain#Channel
package conformance
