package interceptkept

import (
	"fmt"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

func configuredInOneExpression() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn((&inprocgrpc.Channel{}).WithServerUnaryInterceptor(serve), unary, nil) // want `not rewritten: the channel is configured by WithServerUnaryInterceptor \(configured.go:[0-9]+\), so inprocchain.Wrap would panic; pass everything to one inprocchain.New`
}

func configuredByStatement() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel.WithServerUnaryInterceptor(serve)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is configured by With[A-Za-z]+ \(configured.go:[0-9]+\), so inprocchain.Wrap would panic; pass everything to one inprocchain.New`
}

func configuredByAssignment() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel = channel.WithServerUnaryInterceptor(serve)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is configured by With[A-Za-z]+ \(configured.go:[0-9]+\), so inprocchain.Wrap would panic; pass everything to one inprocchain.New`
}

func configuredWithCloner() grpc.ClientConnInterface {
	var channel inprocgrpc.Channel
	channel.WithCloner(inprocgrpc.ProtoCloner{})
	return grpchan.InterceptClientConn(&channel, unary, nil) // want `not rewritten: the channel is configured by With[A-Za-z]+ \(configured.go:[0-9]+\), so inprocchain.Wrap would panic; pass everything to one inprocchain.New`
}

func configuredUnderAnotherName() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	other := channel
	other.WithServerUnaryInterceptor(serve)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is configured by With[A-Za-z]+ \(configured.go:[0-9]+\), so inprocchain.Wrap would panic; pass everything to one inprocchain.New`
}

func addsLater() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	conn := grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is configured by With[A-Za-z]+ \(configured.go:[0-9]+\), so inprocchain.Wrap would panic; pass everything to one inprocchain.New`
	channel.WithServerUnaryInterceptor(serve)
	return conn
}

func goesElsewhere() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	addTo(channel)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is configured by WithServerUnaryInterceptor \(configured.go:54\)`
}

func addTo(channel *inprocgrpc.Channel) { channel.WithServerUnaryInterceptor(serve) }

func goesElsewhereAsAny() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	fmt.Println(channel)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is also used where it may be configured`
}

func wrappedAlready() (grpc.ClientConnInterface, *inprocchain.Channel) {
	channel := &inprocgrpc.Channel{}
	ours := inprocchain.Wrap(channel)
	return grpchan.InterceptClientConn(channel, unary, nil), ours // want `not rewritten: the channel is passed to inprocchain.Wrap \(configured.go:64\), which accepts it only once; pass the interceptors there`
}

func twice() (grpc.ClientConnInterface, grpc.ClientConnInterface) {
	channel := &inprocgrpc.Channel{}
	first := grpchan.InterceptClientConn(channel, unary, nil)       // want `not rewritten: the channel is intercepted more than once`
	return first, grpchan.InterceptClientConn(channel, nil, stream) // want `not rewritten: the channel is intercepted more than once`
}

func perPass(names []string) (conns []grpc.ClientConnInterface) {
	channel := &inprocgrpc.Channel{}
	for range names {
		conns = append(conns, grpchan.InterceptClientConn(channel, unary, nil)) // want `not rewritten: this may run more than once for one channel`
	}
	return conns
}

func perCall() func() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	return func() grpc.ClientConnInterface {
		return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: this may run more than once for one channel`
	}
}

func again() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	var conn grpc.ClientConnInterface
retry:
	conn = grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: this may run more than once for one channel`
	if conn == nil {
		goto retry
	}
	return conn
}

func structCopied() grpc.ClientConnInterface {
	channel := inprocgrpc.Channel{}
	some := channel
	_ = some
	return grpchan.InterceptClientConn(&channel, unary, nil) // want `not rewritten: the channel is also used where it may be configured`
}

func asSettable() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	var settable interface {
		WithCloner(inprocgrpc.Cloner) *inprocgrpc.Channel
	} = channel
	_ = settable
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is also used where it may be configured`
}
