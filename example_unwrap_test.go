package inprocchain_test

import (
	"errors"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// Unwrap finds the in-process channel below any number of layers.
func ExampleUnwrap() {
	channel := inprocchain.New()
	layered := grpchan.InterceptClientConn(channel, authorized, nil)

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
	channel := inprocchain.New(inprocchain.WithUnaryServerInterceptors(audited))
	layered := grpchan.InterceptClientConn(channel, authorized, nil)

	if channel, ok := inprocchain.As[*inprocchain.Channel](layered); ok {
		fmt.Print(channel.Chain())
	}
	// Output:
	// client: nothing
	// server  unary                     stream
	//   1     inprocchain_test.audited  -
}

// The error shows that a connection does not lead to an in-process channel, and names its
// type.
func ExampleErrNotInProcess() {
	network, stop := listenAndDial(grpc.NewServer())
	defer stop()

	_, err := inprocchain.Unwrap(network)
	if errors.Is(err, inprocchain.ErrNotInProcess) {
		fmt.Println(err)
	}
	// Output:
	// inprocchain: not an in-process channel; layers: *grpc.ClientConn
}

// A wrapper with a method Unwrap is a layer that can be looked through, as a Channel is.
type wrapper struct{ grpc.ClientConnInterface }

func (w wrapper) Unwrap() grpc.ClientConnInterface { return w.ClientConnInterface }

// A loop over Unwrap lists the layers of a connection.
func ExampleChannel_Unwrap() {
	var cc grpc.ClientConnInterface = wrapper{inprocchain.New()}

	for {
		fmt.Printf("%T\n", cc)
		layer, ok := cc.(grpchan.WrappedClientConn)
		if !ok {
			break
		}
		cc = layer.Unwrap()
	}
	// Output:
	// inprocchain_test.wrapper
	// *inprocchain.Channel
	// *inprocgrpc.Channel
}
