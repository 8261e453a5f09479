// Package inprocchain runs interceptors and stats handlers on an in-process gRPC
// channel, so that an application can serve the same services over a network and to
// itself. Callers, handlers, interceptors and telemetry see in-process what they see on
// a network connection. The channel is an [inprocgrpc.Channel], and no code needs a
// type assertion to get it.
//
// A [Chain] lists what runs for each RPC. Give the same Chain to the network server and
// to [New]:
//
//	package main
//
//	import (
//		"context"
//		"fmt"
//		"log"
//		"net"
//
//		"github.com/inprocchain/inprocchain"
//		"google.golang.org/grpc"
//		"google.golang.org/grpc/health"
//		healthpb "google.golang.org/grpc/health/grpc_health_v1"
//		"google.golang.org/grpc/status"
//	)
//
//	// audit logs the method and the result of each unary RPC.
//	func audit(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
//		resp, err := handler(ctx, req)
//		log.Printf("audit: %s: %v", info.FullMethod, status.Code(err))
//		return resp, err
//	}
//
//	func main() {
//		chain := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(audit))
//		server := grpc.NewServer(chain.ServerOptions()...) // for the network
//		channel := inprocchain.New(chain)                  // for this process
//		healthpb.RegisterHealthServer(inprocchain.MultiRegistrar(server, channel), health.NewServer())
//
//		listener, err := net.Listen("tcp", "127.0.0.1:0")
//		if err != nil {
//			log.Fatal(err)
//		}
//		go server.Serve(listener)
//
//		ctx := context.Background()
//		response, err := healthpb.NewHealthClient(channel).Check(ctx, &healthpb.HealthCheckRequest{})
//		fmt.Println(response.GetStatus(), err)
//
//		server.GracefulStop()
//		if err := channel.Shutdown(ctx); err != nil {
//			log.Fatal(err)
//		}
//	}
//
// # The path of an RPC
//
// Every RPC takes this path. The order is that of grpc-go:
//
//	caller
//	  client interceptors, first to last           RPCs made on the Channel
//	    client stats handlers, first to last         (once per attempt, as on a network)
//	      the in-process call: copy of the request, method lookup, a goroutine for the handler;
//	      after Shutdown or Close it refuses the RPC
//	        server stats handlers, first to last   however the channel is reached, InProcess() included
//	          errors become statuses
//	            server interceptors, first to last
//	              handler
//
// An RPC that is refused after Shutdown reaches no server stats handler, as on a network.
//
// An RPC that is made on the channel below, which [Channel.InProcess] and [Unwrap]
// return, enters the path at the server stats handlers. Authentication and audit logs
// that are server interceptors therefore run for every RPC.
//
// Code that accepts only a [*grpc.ClientConn], such as grpc-gateway's Register…Handler
// functions, gets [Channel.ClientConn]. Code that accepts only an
// [*inprocgrpc.Channel] gets [Channel.InProcess]. [Channel.NewClient] returns a client
// with other client interceptors, and [WithFallback] sends RPCs for services that run
// elsewhere to another connection.
//
// # Guarantees
//
// The reference is grpc-go over a network connection with the same Chain. What a caller,
// an interceptor, a stats handler, a span, a metric or a log line sees in-process is
// what it sees there, except for what [differences] lists, with reasons. In particular:
//
//   - Errors that reach a caller are statuses, made as grpc-go makes them, or [io.EOF]
//     where a stream ends well. Server interceptors see the handler's own error.
//   - If the handler's response has arrived, the caller receives it, even if the
//     caller's context ends before the caller looks.
//   - A message is deep-copied once in each direction. Caller and handler never see
//     each other's later writes. The caller may reuse its request when the RPC has
//     returned, even after a timeout.
//   - When the caller has the response, the server stats handlers have seen the end of
//     the RPC.
//   - Options add to a Chain and never replace what it holds. What would be lost
//     silently panics while the program is being built, and the message says what to do.
//     If a With… method of the [inprocgrpc.Channel] replaces a part of the chain later,
//     every RPC fails with Internal.
//   - Without stats handlers there is no work for them. A ClientConn is made only when it
//     is needed.
//
// # Panics
//
// The library itself never panics during an RPC and never recovers a handler's panic. A
// panic in a handler ends the process, as with grpc-go, unless an interceptor recovers it.
//
// Put a recovery interceptor last in the Chain, next to the handler. The interceptors
// before it, such as logging and metrics, then see the panic as an error. If recovery is
// first, the panic passes through the others, which log and count nothing. An interceptor
// that may itself panic needs a second recovery interceptor before it.
//
// # Shutdown
//
// After [Channel.Shutdown] or [Channel.Close], new RPCs get Unavailable on every path.
// Shutdown waits for RPCs in flight; Close cancels them.
//
// Call one of the two when the Channel is no longer needed. A Channel whose ClientConn
// has been made keeps that ClientConn's goroutines until then: the first call of
// [Channel.ClientConn] makes it, and so does the first RPC of a Channel with client
// interceptors. Call one of the two also if stats handlers need [stats.ConnEnd].
//
// # More
//
//   - [migrating] from inprocgrpc, InterceptClientConn, InterceptServer and bufconn
//   - [differences] from a network
//   - [observability]: OpenTelemetry, configured once for both
//   - [outgrowing] one process: how a service moves to a process of its own
//   - [reliability] under load, faults and hostile input
//   - [performance], compared with the bare channel and bufconn
//   - [case study]: two releases that lost an audit log
//   - package [github.com/inprocchain/inprocchain/chaintest] tests that both ways into
//     an application do the same
//
// [inprocgrpc.Channel]: https://pkg.go.dev/github.com/fullstorydev/grpchan/inprocgrpc#Channel
// [*inprocgrpc.Channel]: https://pkg.go.dev/github.com/fullstorydev/grpchan/inprocgrpc#Channel
// [*grpc.ClientConn]: https://pkg.go.dev/google.golang.org/grpc#ClientConn
// [stats.ConnEnd]: https://pkg.go.dev/google.golang.org/grpc/stats#ConnEnd
// [io.EOF]: https://pkg.go.dev/io#EOF
// [outgrowing]: https://github.com/inprocchain/inprocchain/blob/main/docs/outgrowing.md
// [differences]: https://github.com/inprocchain/inprocchain/blob/main/docs/differences.md
// [migrating]: https://github.com/inprocchain/inprocchain/blob/main/docs/migrating.md
// [observability]: https://github.com/inprocchain/inprocchain/blob/main/docs/observability.md
// [reliability]: https://github.com/inprocchain/inprocchain/blob/main/docs/reliability.md
// [performance]: https://github.com/inprocchain/inprocchain/blob/main/docs/performance.md
// [case study]: https://github.com/inprocchain/inprocchain/blob/main/docs/case-study.md
package inprocchain
