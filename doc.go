// Package inprocchain makes gRPC calls within a process run the same interceptors and
// stats handlers as calls over a network.
//
// If middleware is configured twice, for the network server and for an in-process channel, the
// two configurations diverge over time, and then calls on one of them leave no audit record. So
// a [Chain] lists once what runs for each RPC, and a [Channel] runs its server side for every
// in-process call. Callers cannot forget it, and no wrapper hides the channel's type.
// [Channel.NewServer] serves the same services with the same chain on a network. The package is
// for applications that serve gRPC and also call their own services, and for their tests. It
// builds on [inprocgrpc.Channel].
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
//		channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audit))
//		healthpb.RegisterHealthServer(channel, health.NewServer())
//
//		server := channel.NewServer() // the same services and interceptors, for the network
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
// An RPC passes through these layers, in grpc-go's order:
//
//	caller                                     ── runs on the caller's goroutine
//	  client interceptors, first to last
//	    client stats handlers, first to last     once for each attempt, if an interceptor retries
//	      the in-process call                    refuses the RPC after Shutdown, copies the request,
//	                                             looks up the method, starts the handler's goroutine
//	        server stats handlers, first to last ── runs on the handler's goroutine
//	          errors become statuses
//	            server interceptors, first to last
//	              handler
//
// [Channel.InProcess] and [Unwrap] return the underlying inprocgrpc.Channel. RPCs made
// on it do not run the client side. They do run the server side, so no RPC bypasses
// authentication and audit logs that are server interceptors.
//
// There are several ways to call the services:
//
//   - Generated clients take the Channel itself.
//   - Code that accepts only a [*grpc.ClientConn], such as grpc-gateway's Register…Handler
//     functions, takes [Channel.ClientConn].
//   - Code that accepts only an [*inprocgrpc.Channel] takes [Channel.InProcess].
//   - [Channel.NewClient] returns a [Client] with other client interceptors or credentials.
//   - With [WithRemoteTarget] and [WithRemote], RPCs for services that are elsewhere go
//     there, behind the client's interceptors. Callers do not change.
//
// # Guarantees
//
// An RPC on a Channel behaves like one on a grpc-go connection with the same Chain, as far
// as callers, interceptors, stats handlers, spans, metrics and log lines can observe. The
// document [differences] lists the exceptions, with reasons. In particular:
//
//   - Errors that reach a caller are statuses, made as grpc-go makes them, or [io.EOF]
//     where a stream ends without an error. Server interceptors see the handler's own
//     error.
//   - If the handler's response has arrived, the caller receives it, even if the
//     caller's context ends before the caller reads it.
//   - After the caller's context has ended, nothing that the handler does reaches the caller.
//   - A message is deep-copied once in each direction. Caller and handler never see
//     each other's later writes. The caller may reuse its request when the RPC has
//     returned, even after a timeout.
//   - When the caller has the response, the server stats handlers have seen the end of
//     the RPC, unless the caller's context has ended before.
//   - Options add to a Chain and never replace interceptors or stats handlers, and [Wrap]
//     panics if it would replace something. If a With… method of the inprocgrpc.Channel
//     replaces a part of the chain later, every RPC fails with Internal. The document
//     [reliability] names two exceptions.
//   - Without stats handlers, an RPC does no work for them.
//
// # Panics
//
// The library never recovers a handler's panic, and never panics during an RPC, except for the
// check of [WithSharedMessages] in programs that are built with the race detector. A panic in a
// handler ends the process, as with grpc-go, unless an interceptor recovers it.
//
// Put a recovery interceptor last in the Chain, next to the handler. The interceptors
// before it, such as logging and metrics, then see an error. If recovery is first, the
// panic unwinds the other interceptors, so they neither log nor count the RPC. If an interceptor
// itself may panic, add a second recovery interceptor before it.
//
// # When the program stops
//
// Stop in this order: the HTTP server, the gRPC server, the Channel, connections that the
// application has dialed, telemetry.
//
// After [Channel.Shutdown] or [Channel.Close], new RPCs fail with Unavailable, however
// they are made, and do not reach server stats handlers. Shutdown waits for RPCs in
// flight; Close cancels them. Neither applies to RPCs that another server handles, such as that
// of [Channel.NewServer].
//
// A Channel has no goroutines of its own, unless somebody calls ClientConn. The goroutines of
// a ClientConn run until Shutdown or Close. Stats handlers get [stats.ConnEnd] only from
// Shutdown, Close or [Client.Close].
//
// # More
//
//   - [migrating] from inprocgrpc, InterceptClientConn, InterceptServer and bufconn
//   - [differences] from a network
//   - [grpc-gateway]: REST in the same process
//   - [observability]: OpenTelemetry, configured once for the network and in-process
//   - [outgrowing] one process: how a service moves to its own process
//   - [reliability] under load, faults and hostile input
//   - [shared messages]: large messages without a copy, and what that asks of both sides
//   - [performance], compared with the bare channel and bufconn
//   - [FAQ]: short answers
//   - [case study]: two releases that lost an audit log
//   - package [github.com/inprocchain/inprocchain/chaintest] tests that RPCs do the same
//     in-process as on a network
//
// [inprocgrpc.Channel]: https://pkg.go.dev/github.com/fullstorydev/grpchan/inprocgrpc#Channel
// [*inprocgrpc.Channel]: https://pkg.go.dev/github.com/fullstorydev/grpchan/inprocgrpc#Channel
// [*grpc.ClientConn]: https://pkg.go.dev/google.golang.org/grpc#ClientConn
// [stats.ConnEnd]: https://pkg.go.dev/google.golang.org/grpc/stats#ConnEnd
// [io.EOF]: https://pkg.go.dev/io#EOF
// [FAQ]: https://github.com/inprocchain/inprocchain/blob/main/docs/faq.md
// [grpc-gateway]: https://github.com/inprocchain/inprocchain/blob/main/docs/grpc-gateway.md
// [outgrowing]: https://github.com/inprocchain/inprocchain/blob/main/docs/outgrowing.md
// [differences]: https://github.com/inprocchain/inprocchain/blob/main/docs/differences.md
// [migrating]: https://github.com/inprocchain/inprocchain/blob/main/docs/migrating.md
// [observability]: https://github.com/inprocchain/inprocchain/blob/main/docs/observability.md
// [reliability]: https://github.com/inprocchain/inprocchain/blob/main/docs/reliability.md
// [shared messages]: https://github.com/inprocchain/inprocchain/blob/main/docs/shared-messages.md
// [performance]: https://github.com/inprocchain/inprocchain/blob/main/docs/performance.md
// [case study]: https://github.com/inprocchain/inprocchain/blob/main/docs/case-study.md
package inprocchain
