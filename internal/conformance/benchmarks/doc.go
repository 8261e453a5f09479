// Package benchmarks contains only tests: the benchmarks that make bench runs, and
// exact checks of the number of allocations. Both compare a Channel with the bare
// inprocgrpc.Channel and with grpc-go.
package benchmarks
