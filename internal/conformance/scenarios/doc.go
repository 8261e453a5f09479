// Package scenarios contains only tests. Each scenario makes the same RPCs over
// a grpc-go network connection and on a channel, with services registered on the
// Channel and on its inprocgrpc.Channel, and chaintest compares them.
package scenarios
