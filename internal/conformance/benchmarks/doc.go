// Package benchmarks contains only tests: the benchmarks that make bench runs,
// and the exact numbers of allocations, both compared with the bare
// inprocgrpc.Channel and with grpc-go.
package benchmarks
