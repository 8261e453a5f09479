package chained

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

// None of what follows removes a chain.

func beforeWrap() *inprocgrpc.Channel {
	channel := &inprocgrpc.Channel{}
	channel.WithServerUnaryInterceptor(serve)
	return channel
}

func anotherChannel(ours *inprocchain.Channel) (*inprocchain.Channel, *server) {
	channel := &inprocgrpc.Channel{}
	wrapped := inprocchain.Wrap(channel)
	channel = &inprocgrpc.Channel{}
	channel.WithServerUnaryInterceptor(serve)
	inner := ours.InProcess()
	inner = &inprocgrpc.Channel{}
	return wrapped, newServer("other", inner)
}

func onOneBranch(wrap bool) {
	channel := &inprocgrpc.Channel{}
	if wrap {
		inprocchain.Wrap(channel)
		return
	}
	channel.WithServerUnaryInterceptor(serve)
}

func unknownLayers(conn grpc.ClientConnInterface) error {
	channel, err := inprocchain.Unwrap(conn)
	if err != nil {
		return err
	}
	channel.WithServerUnaryInterceptor(serve)
	return nil
}

func onlyUsed(ours *inprocchain.Channel) grpc.ClientConnInterface {
	channel := ours.InProcess()
	channel.RegisterService(&grpc.ServiceDesc{}, nil)
	use(channel)
	return channel
}

func use(channel *inprocgrpc.Channel) { _ = channel.GetServiceInfo() }
