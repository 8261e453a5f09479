package interceptkept

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func parameter(channel *inprocgrpc.Channel) grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is a parameter, so it may already be configured, and then inprocchain.Wrap panics`
}

func (s *server) field() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(s.channel, unary, nil) // want `not rewritten: the channel is in a field or an element`
}

var shared = &inprocgrpc.Channel{}

func packageVariable() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(shared, unary, nil) // want `not rewritten: the channel is in a variable of the package`
}

// The channel may be nil.
func maybeNoChannel(none bool) grpc.ClientConnInterface {
	var channel *inprocgrpc.Channel
	if !none {
		channel = &inprocgrpc.Channel{}
	}
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel's variable is not declared with a new channel, or is assigned again`
}

func interfaceVariable() grpc.ClientConnInterface {
	var channel grpc.ClientConnInterface = &inprocgrpc.Channel{}
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is in an interface, and inprocchain.Wrap takes an \*inprocgrpc.Channel`
}

func assignedToItself(network bool) grpc.ClientConnInterface {
	var channel grpc.ClientConnInterface
	channel = &inprocgrpc.Channel{}
	channel = grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is in an interface`
	return channel
}

func embedded(e embedding) (grpc.ClientConnInterface, grpc.ClientConnInterface) {
	return grpchan.InterceptClientConn(e.Channel, unary, nil), // want `not rewritten: the channel is in a field or an element`
		grpchan.InterceptClientConn(e, unary, nil) // want `not rewritten: the channel is embedded in another type`
}

func copyOfChannel() grpc_health_v1.HealthClient {
	var channel inprocgrpc.Channel
	second := channel
	return grpc_health_v1.NewHealthClient(grpchan.InterceptClientConn(&second, unary, nil)) // want `not rewritten: the channel's variable is not declared with a new channel`
}

func channelReassigned() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel = &inprocgrpc.Channel{}
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel's variable is not declared with a new channel`
}

func structReassigned(some inprocgrpc.Channel) grpc.ClientConnInterface {
	var channel inprocgrpc.Channel
	channel = some
	return grpchan.InterceptClientConn(&channel, unary, nil) // want `not rewritten: the channel's variable is not declared with a new channel`
}

func fromElsewhere() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(elsewhere(), unary, nil) // want `not rewritten: the channel comes from another function`
}

func elsewhere() *inprocgrpc.Channel { return &inprocgrpc.Channel{} }

func converted() {
	channel := grpc.ClientConnInterface(&inprocgrpc.Channel{})
	use(grpchan.InterceptClientConn(channel, unary, nil)) // want `not rewritten: the channel is in an interface`
	(*inprocgrpc.Channel).WithServerUnaryInterceptor(new(inprocgrpc.Channel), serve)
}

func through(all grpc.ClientConnInterface, err error) grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(spread()) // a call with all three at once
}

func spread() (*inprocgrpc.Channel, grpc.UnaryClientInterceptor, grpc.StreamClientInterceptor) {
	return nil, nil, nil
}
