// Package leftalone has code that resembles the calls that are reported, but is correct.
package leftalone

import (
	"context"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/httpgrpc"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

func unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func serve(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func network(conn *grpc.ClientConn) (grpc.ClientConnInterface, *grpc.ClientConn) {
	var either grpc.ClientConnInterface = conn
	asserted, _ := either.(*grpc.ClientConn)
	either = grpchan.InterceptClientConnUnary(either, unary)
	return grpchan.InterceptClientConn(conn, unary, nil), asserted
}

func http() (grpc.ClientConnInterface, *httpgrpc.Channel) {
	var channel grpc.ClientConnInterface = &httpgrpc.Channel{}
	return grpchan.InterceptClientConn(&httpgrpc.Channel{}, unary, nil), channel.(*httpgrpc.Channel)
}

func either(inProcess bool, conn *grpc.ClientConn) grpc.ClientConnInterface {
	var channel grpc.ClientConnInterface = &inprocgrpc.Channel{}
	if !inProcess {
		channel = conn
	}
	return grpchan.InterceptClientConn(channel, unary, nil)
}

func unknown(channel grpc.ClientConnInterface, channels map[string]grpc.ClientConnInterface, next func() grpc.ClientConnInterface) {
	use(grpchan.InterceptClientConn(channel, unary, nil))
	for _, channel := range channels {
		use(grpchan.InterceptClientConn(channel, unary, nil))
	}
	use(grpchan.InterceptClientConn(next(), unary, nil))
	var last grpc.ClientConnInterface = &inprocgrpc.Channel{}
	for _, last = range channels {
	}
	use(grpchan.InterceptClientConn(last, unary, nil))
	some := grpc.ClientConnInterface(&inprocgrpc.Channel{})
	fill(&some)
	use(grpchan.InterceptClientConn(some, unary, nil))
	use(grpchan.InterceptClientConn(Exported, unary, nil))
	use(grpchan.InterceptClientConn(nil, unary, nil))
}

// Exported may be set from elsewhere.
var Exported grpc.ClientConnInterface = &inprocgrpc.Channel{}

func use(...grpc.ClientConnInterface) {}

func fill(*grpc.ClientConnInterface) {}

func noInterceptors(channel *inprocgrpc.Channel) {
	use(grpchan.InterceptClientConn(channel, nil, nil), grpchan.InterceptClientConnUnary(channel), grpchan.InterceptClientConnStream(channel))
}

func bare(impl any) {
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(&grpc.ServiceDesc{}, impl)
	channel.WithServerUnaryInterceptor(serve)
	use(channel)
}

func migrated(conn grpc.ClientConnInterface, handler stats.Handler) error {
	channel := inprocchain.New(inprocchain.WithServerStatsHandlers(handler), inprocchain.WithUnaryServerInterceptors(serve, serve))
	use(channel, inprocchain.Wrap(&inprocgrpc.Channel{}, inprocchain.WithUnaryClientInterceptors(unary)))
	if inner, ok := inprocchain.As[*inprocgrpc.Channel](conn); ok {
		use(inner)
	}
	_, err := inprocchain.Unwrap(conn)
	return err
}

func optional(channel *inprocgrpc.Channel, u grpc.UnaryClientInterceptor) grpc.ClientConnInterface {
	var opts []inprocchain.Option
	if u != nil {
		opts = append(opts, inprocchain.WithUnaryClientInterceptors(u))
	}
	conn := inprocchain.Wrap(channel, opts...)
	return conn
}

// These have the names of grpchan's declarations, but are others.

type Channel struct{ grpc.ClientConnInterface }

func (c *Channel) WithServerUnaryInterceptor(grpc.UnaryServerInterceptor) *Channel { return c }

func (c *Channel) WithServerStatsHandler(stats.Handler) *Channel { return c }

func InterceptClientConn(ch grpc.ClientConnInterface, u grpc.UnaryClientInterceptor, s grpc.StreamClientInterceptor) grpc.ClientConnInterface {
	return ch
}

func alike(conn grpc.ClientConnInterface) *Channel {
	channel := new(Channel).WithServerUnaryInterceptor(serve).WithServerUnaryInterceptor(serve).WithServerStatsHandler(nil)
	use(InterceptClientConn(&inprocgrpc.Channel{}, unary, nil), channel)
	return conn.(*Channel)
}
