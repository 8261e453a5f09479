package inprocchain_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/inprocchain/inprocchain"
)

// logged is a client interceptor that prints the method of each unary RPC.
func logged(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	fmt.Println("calling", method)
	return invoker(ctx, method, req, reply, cc, opts...)
}

// Unwrap finds the in-process channel below any number of layers.
func ExampleUnwrap() {
	channel := inprocchain.New()
	layered := grpchan.InterceptClientConn(channel, logged, nil)

	ch, err := inprocchain.Unwrap(layered)
	fmt.Println(ch == channel.InProcess(), err)

	_, err = inprocchain.Unwrap(channel.ClientConn())
	fmt.Println(err)
	// Output:
	// true <nil>
	// inprocchain: not an in-process channel; layers: *grpc.ClientConn; the last one is the ClientConn of a Channel, which cannot be unwrapped: keep the Channel, and pass that to Unwrap
}

// As finds a layer by its type, for example to print the Chain of a Channel.
func ExampleAs() {
	channel := inprocchain.New(inprocchain.WithUserAgent("gateway/1.2"))
	layered := grpchan.InterceptClientConn(channel, logged, nil)

	if channel, ok := inprocchain.As[*inprocchain.Channel](layered); ok {
		fmt.Print(channel.Chain())
	}
	// Output:
	// client
	//   user agent: gateway/1.2
	// server: nothing
}

// The error shows that a connection does not lead to an in-process channel, and names its
// type.
func ExampleErrNotInProcess() {
	network, err := grpc.NewClient("example.com:443", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	defer func() { _ = network.Close() }()

	_, err = inprocchain.Unwrap(network)
	if errors.Is(err, inprocchain.ErrNotInProcess) {
		fmt.Println(err)
	}
	// Output:
	// inprocchain: not an in-process channel; layers: *grpc.ClientConn
}
