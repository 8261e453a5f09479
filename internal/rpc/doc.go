// Package rpc is the path of an RPC from its caller to its handler and back. Each
// RPC on a Channel takes it:
//
//   - client.go: what the options of the RPC say, and whether it is accepted.
//   - unary.go: the whole life of an RPC with one request and one response.
//   - clientstream.go, stream.go, serverstream.go: the caller's half of a stream,
//     what both halves share, and the handler's half.
//   - direct.go: RPCs that are made on the [inprocgrpc.Channel] itself. They join
//     the path at the server's stats handlers.
//
// Along that path, connection.go and handlercontext.go provide what both sides see
// of a connection, response.go has the header and trailer that the handler sends back,
// and ending.go decides how the RPC ends. Methods are looked up in methods.go.
// inflight.go counts RPCs, so that they can be drained, and hooks.go notices that the
// chain was taken off.
//
// The behavior is that of grpc-go. Comments name the file it comes from.
package rpc
