// Package scenarios contains only tests. Each scenario makes the same RPCs over a grpc-go
// network connection and on a Channel, once with services registered on the Channel and
// once with services registered on its inprocgrpc.Channel. chaintest compares them.
package scenarios
