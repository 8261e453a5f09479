// Package suites contains only tests. They run existing test suites on a Channel: those of
// grpchan, of grpc-go's interop tests, and of grpc-go's health and reflection services.
package suites
