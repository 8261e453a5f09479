// Package rpc is the path of an RPC from its caller to its handler and back.
//
// Each RPC has three parts. The caller's half runs on the caller's goroutine, the handler's
// half on a goroutine of its own, and a [transportStream] is what they share: header,
// trailer, status, and who ended the RPC. The halves of unary RPCs and streams contain the
// same two types, which do everything apart from messages:
//
//	                 caller's half                        handler's half
//	every RPC        clientcall.go: clientCall            handlercall.go: handlerCall
//	unary            unary.go: unaryCaller                unary.go: unaryHandler
//	stream           clientstream.go, clientstreamend.go  serverstream.go
//	on the channel   inprocgrpc's                         direct.go: directRPC
//
// To follow a unary RPC, read client.go, clientcall.go, unary.go, handlercall.go and
// transportstream.go, in this order. What the handler sends on the stream is in sent.go, and what
// the caller has received in received.go. A stream has its two halves instead of unary.go, and
// messages.go between them.
//
// Around that path, clock.go notices that the caller's context has ended, connection.go is what
// stats handlers see of a connection, handlercontext.go has the values of a handler's context,
// methods.go looks methods up, inflight.go counts RPCs so that they can be drained, and hooks.go
// notices that the chain was taken off.
//
// These rules hold everywhere:
//
//   - No lock is held while code runs that is not the library's: stats handlers, call
//     options, cloners, credentials, contexts.
//   - Who ends an RPC on the server's side, or delivers something to its caller, first calls
//     transportStream.noticeEnd (clock.go).
//   - A caller waits for nothing beyond its context, except for its own stats handlers.
//   - A panic of a handler is answered to nobody.
//
// The behavior is that of grpc-go. Comments name the file it comes from.
package rpc
