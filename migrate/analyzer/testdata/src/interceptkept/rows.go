// Package interceptkept has client interceptors on in-process channels that are reported and not rewritten,
// each for the reason given.
package interceptkept

import (
	"context"
	"fmt"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"
)

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(ctx, desc, cc, method, opts...)
}

func serve(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func asserted() bool {
	_, wraps := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil).(grpchan.WrappedClientConn) // want `hides an in-process channel.*not rewritten: the result is asserted, and to the channel itself the client interceptors would be lost`
	return wraps
}

func assertedLater() *inprocgrpc.Channel {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `hides an in-process channel.*not rewritten: the result is asserted`
	return conn.(*inprocgrpc.Channel)                                      // want `this assertion always panics`
}

func assertedInVariable() (inner *inprocgrpc.Channel, found bool) {
	var conn grpc.ClientConnInterface = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `hides an in-process channel.*not rewritten: the result is asserted`
	inner, found = conn.(*inprocgrpc.Channel)                                                          // want `this assertion never succeeds`
	conn = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, nil, stream)                             // want `hides an in-process channel.*not rewritten: the result is asserted`
	return inner, found
}

func carriesInOneExpression() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn((&inprocgrpc.Channel{}).WithServerUnaryInterceptor(serve), unary, nil) // want `not rewritten: the channel carries WithServerUnaryInterceptor, with which inprocchain.Wrap panics; pass all of it to inprocchain.New`
}

func carriesByStatement() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel.WithServerUnaryInterceptor(serve)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel carries interceptors, stats handlers or a cloner of its own`
}

func carriesByAssignment() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel = channel.WithServerUnaryInterceptor(serve)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel carries interceptors, stats handlers or a cloner of its own`
}

func carriesCloner() grpc.ClientConnInterface {
	var channel inprocgrpc.Channel
	channel.WithCloner(inprocgrpc.ProtoCloner{})
	return grpchan.InterceptClientConn(&channel, unary, nil) // want `not rewritten: the channel carries interceptors, stats handlers or a cloner of its own`
}

func carriesUnderAnotherName() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	other := channel
	other.WithServerUnaryInterceptor(serve)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel carries interceptors, stats handlers or a cloner of its own`
}

func addsLater() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	conn := grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel carries interceptors, stats handlers or a cloner of its own`
	channel.WithServerUnaryInterceptor(serve)
	return conn
}

func goesElsewhere() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	addTo(channel)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel also goes where more may be added to it`
}

func addTo(channel *inprocgrpc.Channel) { channel.WithServerUnaryInterceptor(serve) }

func goesElsewhereAsAny() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	fmt.Println(channel)
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel also goes where more may be added to it`
}

func wrappedAlready() (grpc.ClientConnInterface, *inprocchain.Channel) {
	channel := &inprocgrpc.Channel{}
	ours := inprocchain.Wrap(channel)
	return grpchan.InterceptClientConn(channel, unary, nil), ours // want `not rewritten: the channel also goes where more may be added to it`
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

func parameter(channel *inprocgrpc.Channel) grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is not made in this function`
}

type server struct{ channel *inprocgrpc.Channel }

func (s *server) field() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(s.channel, unary, nil) // want `not rewritten: the channel is not made in this function`
}

var shared = &inprocgrpc.Channel{}

func packageVariable() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(shared, unary, nil) // want `not rewritten: the channel is not made in this function`
}

var conn = grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`

func assertConn() { _ = conn.(grpchan.WrappedClientConn) }

// The nil case is not a channel that somebody made.
func perhapsNoChannel(none bool) grpc.ClientConnInterface {
	var channel *inprocgrpc.Channel
	if !none {
		channel = &inprocgrpc.Channel{}
	}
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is not made in this function`
}

func interfaceVariable() grpc.ClientConnInterface {
	var channel grpc.ClientConnInterface = &inprocgrpc.Channel{}
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is not made in this function`
}

func assignedToItself(network bool) grpc.ClientConnInterface {
	var channel grpc.ClientConnInterface
	channel = &inprocgrpc.Channel{}
	channel = grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is not made in this function`
	return channel
}

type embedding struct{ *inprocgrpc.Channel }

func embedded(e embedding) (grpc.ClientConnInterface, grpc.ClientConnInterface) {
	return grpchan.InterceptClientConn(e.Channel, unary, nil), // want `not rewritten: the channel is not made in this function`
		grpchan.InterceptClientConn(e, unary, nil) // want `not rewritten: the channel is not made in this function`
}

func perhapsNil(tracing bool) grpc.ClientConnInterface {
	var u grpc.UnaryClientInterceptor
	if tracing {
		u = unary
	}
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil) // want `not rewritten: an interceptor may be nil, which inprocchain.Wrap refuses`
}

type config struct{ unary grpc.UnaryClientInterceptor }

func (c config) interceptor() grpc.UnaryClientInterceptor {
	if c.unary != nil {
		return c.unary
	}
	return nil
}

func perhapsNilToo(c config, u grpc.UnaryClientInterceptor) {
	use(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, c.unary, nil))                                         // want `not rewritten: an interceptor may be nil`
	use(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, u, nil))                                               // want `not rewritten: an interceptor may be nil`
	use(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, c.interceptor(), nil))                                 // want `not rewritten: an interceptor may be nil`
	use(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, inprocchain.NewChain().UnaryClientInterceptor(), nil)) // want `not rewritten: an interceptor may be nil`
}

func use(grpc.ClientConnInterface) {}

func order() grpc.ClientConnInterface {
	return grpchan.InterceptClientConnUnary(grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, stream), unary) // want `not rewritten: nested calls run their interceptors in another order`
}

func comment() grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary /* none yet */, nil) // want `not rewritten: a comment stands where text would go`
}

func reassigned(network *grpc.ClientConn) grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`
	if network != nil {
		conn = network
	}
	return conn
}

func addressed() {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`
	fill(&conn)
}

func fill(*grpc.ClientConnInterface) {}

func inferred() []grpc.ClientConnInterface {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`
	return listOf(conn)
}

func listOf[T any](elems ...T) []T { return elems }

func copied() {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`
	other := conn
	fill(&other)
}

func switched() {
	switch conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil).(type) { // want `not rewritten: the result is asserted`
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

func copyOfChannel() grpc_health_v1.HealthClient {
	var channel inprocgrpc.Channel
	second := channel
	return grpc_health_v1.NewHealthClient(grpchan.InterceptClientConn(&second, unary, nil)) // want `not rewritten: the channel is not made in this function`
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
	reg, conn := &inprocgrpc.Channel{}, grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: the result is asserted`
	_, _ = reg, conn.(grpchan.WrappedClientConn)
}

func toMethodOf(calls map[string]func(context.Context) error) {
	conn := grpchan.InterceptClientConn(&inprocgrpc.Channel{}, unary, nil) // want `not rewritten: its result is used in a way that might not compile`
	for name, call := range calls {
		_, _, _ = name, call, conn
	}
}

func received(interceptors chan grpc.UnaryClientInterceptor, made func() grpc.UnaryClientInterceptor) {
	use(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, <-interceptors)) // want `not rewritten: an interceptor may be nil`
	use(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, made()))         // want `not rewritten: an interceptor may be nil`
	use(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, unary, nil))     // want `not rewritten: an interceptor may be nil`
	use(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, again1(3)))      // want `not rewritten: an interceptor may be nil`
	use(grpchan.InterceptClientConnUnary(&inprocgrpc.Channel{}, bare()))         // want `not rewritten: an interceptor may be nil`
}

func again1(n int) grpc.UnaryClientInterceptor { return again1(n - 1) }

func bare() (interceptor grpc.UnaryClientInterceptor) {
	use(func() grpc.ClientConnInterface { return nil }())
	return
}

func channelReassigned() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	channel = &inprocgrpc.Channel{}
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel is not made in this function`
}

func structReassigned(some inprocgrpc.Channel) grpc.ClientConnInterface {
	var channel inprocgrpc.Channel
	channel = some
	return grpchan.InterceptClientConn(&channel, unary, nil) // want `not rewritten: the channel is not made in this function`
}

func structCopied() grpc.ClientConnInterface {
	channel := inprocgrpc.Channel{}
	some := channel
	_ = some
	return grpchan.InterceptClientConn(&channel, unary, nil) // want `not rewritten: the channel also goes where more may be added to it`
}

func through(all grpc.ClientConnInterface, err error) grpc.ClientConnInterface {
	return grpchan.InterceptClientConn(spread()) // a call with all three at once
}

func spread() (*inprocgrpc.Channel, grpc.UnaryClientInterceptor, grpc.StreamClientInterceptor) {
	return nil, nil, nil
}

func asSettable() grpc.ClientConnInterface {
	channel := &inprocgrpc.Channel{}
	var settable interface {
		WithCloner(inprocgrpc.Cloner) *inprocgrpc.Channel
	} = channel
	_ = settable
	return grpchan.InterceptClientConn(channel, unary, nil) // want `not rewritten: the channel also goes where more may be added to it`
}

func converted(names map[string]grpc.UnaryClientInterceptor) {
	channel := grpc.ClientConnInterface(&inprocgrpc.Channel{})
	use(grpchan.InterceptClientConn(channel, unary, nil))                      // want `not rewritten: the channel is not made in this function`
	use(grpchan.InterceptClientConn(new(inprocgrpc.Channel), names["a"], nil)) // want `not rewritten: an interceptor may be nil`
	use(grpchan.InterceptClientConnUnary(new(inprocgrpc.Channel), nil, unary)) // want `not rewritten: an interceptor may be nil`
	(*inprocgrpc.Channel).WithServerUnaryInterceptor(new(inprocgrpc.Channel), serve)
}
