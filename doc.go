// Package inprocchain composes interceptors and stats handlers onto an
// in-process gRPC channel, on its handler side, so that the in-process path
// behaves like a network gRPC connection to everyone who watches it, and nobody
// ever asserts a channel's type.
//
//	chain := inprocchain.NewChain(
//		inprocchain.WithServerStatsHandlers(otelgrpc.NewServerHandler()),
//		inprocchain.WithUnaryServerInterceptors(recovered, audited),
//	)
//
//	server := grpc.NewServer(chain.ServerOptions()...) // for the network
//	channel := inprocchain.New(chain)                  // for this process
//
//	services := inprocchain.MultiRegistrar(server, channel)
//	healthpb.RegisterHealthServer(services, health.NewServer())
//
//	client := healthpb.NewHealthClient(channel)
//
// # Who runs, and where
//
// Everything is an interceptor at a fixed place, and the order is grpc-go's own:
//
//	caller
//	  client interceptors, first to last         runs for calls through the Channel
//	    client stats handlers, first to last       (once per attempt, as on a network: inside the client interceptors)
//	      the channel: copy of the request, method check, the handler's goroutine
//	        server stats handlers, first to last   runs however the channel is reached, also through InProcess()
//	          draining, errors become statuses
//	            server interceptors, first to last
//	              handler
//
// A [Chain] is all of them but the channel. [Chain.ServerOptions] and
// [Chain.DialOptions] put the same ones at the same places of a network
// connection. [Chain.String] lists them, for a log.
//
// # What holds
//
// The oracle is grpc-go over a connection made from the same Chain: what a
// caller, an interceptor, a stats handler, a span, a metric or a log line can
// see in-process is what it sees there. The exceptions are few, and listed with
// their reasons in [differences].
//
// Nothing replaces anything. Options add, in order; what would be lost without a
// word panics while the program is being built, and says what to do instead.
//
// Errors that reach a caller are statuses, made as grpc-go makes them, or io.EOF
// where a stream ends well. Interceptors on the handler side see the handler's
// own error.
//
// A generated message is copied once in each direction. Caller and handler never
// see each other's later writes, and the caller may use its request again when
// the call has returned, in time or not.
//
// No RPC panics by itself. A panic in a handler ends the process, as with
// grpc-go: put a recovery interceptor first in the Chain.
//
// [Channel.Shutdown] refuses new RPCs on every path and waits for those in
// flight. When the client has its answer, the server-side stats of the RPC have
// ended.
//
// What nobody asked for costs nothing: without stats handlers there is no work
// for them, and a ClientConn is made on first need. No goroutine outlives its RPC.
//
// # More
//
//   - [migrating]: from inprocgrpc, InterceptClientConn, InterceptServer and bufconn
//   - [differences]: from a network
//   - [observability]: OpenTelemetry, once for both
//   - [reliability]: under load, faults and hostile input
//   - [performance]: against the bare channel and bufconn
//   - [case study]: two releases that lost an audit log
//   - package [github.com/inprocchain/inprocchain/chaintest]: to prove that your
//     chain does the same thing in-process and on the network
//
// [differences]: https://github.com/inprocchain/inprocchain/blob/main/docs/differences.md
// [migrating]: https://github.com/inprocchain/inprocchain/blob/main/docs/migrating.md
// [observability]: https://github.com/inprocchain/inprocchain/blob/main/docs/observability.md
// [reliability]: https://github.com/inprocchain/inprocchain/blob/main/docs/reliability.md
// [performance]: https://github.com/inprocchain/inprocchain/blob/main/docs/performance.md
// [case study]: https://github.com/inprocchain/inprocchain/blob/main/docs/case-study.md
package inprocchain
