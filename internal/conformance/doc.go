// Package conformance has no code. Its directories contain the tests that compare a Channel
// with grpc-go and with the bare inprocgrpc.Channel:
//
//   - assumptions: what the library assumes of its dependencies
//   - barechannel: the defects of the bare channel that docs/migrating.md lists
//   - benchmarks: times and allocations, for docs/performance.md
//   - codecs: codecs and compressors
//   - connect: the connections, over a network and in-process, that the other tests use
//   - connection: addresses, HTTP/2 headers and connection events
//   - details: memory, formatting, and messages, metadata, peers and methods that are not as usual
//   - differential: random programs, and fixed programs for single rules
//   - docs: the code in the documents, and the rows of docs/differences.md
//   - internal/pick: the random choices of differential and random
//   - middleware: interceptors of go-grpc-middleware
//   - motion: panics, cancels, deadlines and blocking stats handlers while an RPC runs
//   - random: random programs of several RPCs, whose steps do not wait for each other
//   - reliability: isolation, shutdown, load, faults and hostile input
//   - scenarios: RPCs of every kind, compared by chaintest
//   - shared: messages that a client and its handlers share
//   - suites: test suites of grpchan and grpc-go
//   - telemetry: spans and metrics
//   - upstream: a module with a command that runs tests of other projects over Channels
//
// It is a separate module, because it requires the newest grpc-go and other modules that
// users of inprocchain do not need.
package conformance
