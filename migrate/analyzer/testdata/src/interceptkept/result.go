package interceptkept

import (
	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

func asserted() bool {
	_, wraps := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil).(grpchan.WrappedClientConn) // want `hides an in-process channel.*not rewritten: the type of the result is asserted, and the client interceptors would not run for RPCs on the channel itself`
	return wraps
}

func assertedLater() *inprocgrpc.Channel {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `hides an in-process channel.*not rewritten: the type of the result is asserted`
	return conn.(*inprocgrpc.Channel)                                      // want `this assertion always panics`
}

func assertedInVariable() (inner *inprocgrpc.Channel, found bool) {
	var conn grpc.ClientConnInterface = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `hides an in-process channel.*not rewritten: the type of the result is asserted`
	inner, found = conn.(*inprocgrpc.Channel)                                                          // want `this assertion never succeeds`
	conn = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, nil, stream)                             // want `hides an in-process channel.*not rewritten: the type of the result is asserted`
	return inner, found
}

var conn = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`

func assertConn() { _ = conn.(grpchan.WrappedClientConn) }

func comment() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary /* none yet */, nil) // want `not rewritten: a comment would be lost`
}

func switched() {
	switch conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil).(type) { // want `not rewritten: the type of the result is asserted`
	case grpchan.WrappedClientConn:
		use(conn)
	}
}

func compared(other grpc.ClientConnInterface) bool {
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) == other // want `not rewritten: its result is used in a way that might not compile`
}

func dropped() {
	_ = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`
	grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)     // want `not rewritten: its result is used in a way that might not compile`
}

func inferredExplicitly() []grpc.ClientConnInterface {
	pair := pairOf[grpc.ClientConnInterface, int](grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil), 1) // want `not rewritten: its result is used in a way that might not compile`
	list := listOf[grpc.ClientConnInterface](grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil), pair.a) // want `not rewritten: its result is used in a way that might not compile`
	return list
}

type pair[A, B any] struct {
	a A
	b B
}

func pairOf[A, B any](a A, b B) pair[A, B] { return pair[A, B]{a, b} }

func generic[T grpc.ClientConnInterface](channel T, conns map[grpc.ClientConnInterface]bool) bool {
	use(grpchan.InterceptClientConn(channel, unary, nil))
	return conns[grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil)] // want `not rewritten: its result is used in a way that might not compile`
}

func unnamed() {
	var _ = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`
	func() {}()
	var reg grpc.ServiceRegistrar
	reg, conn := &inprocgrpc.Channel{}, grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: the type of the result is asserted`
	_, _ = reg, conn.(grpchan.WrappedClientConn)
}
