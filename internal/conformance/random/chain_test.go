//go:build !race

package random_test

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/inprocchain/inprocchain"
)

// chain returns the chain of the program.
func (r *run) chain() inprocchain.Chain {
	var opts []inprocchain.Option
	for _, i := range r.defaults {
		opts = append(opts, inprocchain.WithDefaultCallOptions(defaultOptions[i].make(r)))
	}
	for _, i := range r.clientInterceptors {
		around := func(r *run, ctx context.Context, opts options, call invoke) error {
			if md, ok := metadata.FromOutgoingContext(ctx); r.callOf(md, ok) == nil {
				return call(ctx, opts) // It begins a connection, which on a network no interceptor delays.
			}
			return clientInterceptors[i].around(r, ctx, opts, call)
		}
		opts = append(opts,
			inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				return around(r, ctx, opts, func(ctx context.Context, opts []grpc.CallOption) error {
					return invoker(ctx, method, req, reply, cc, opts...)
				})
			}),
			inprocchain.WithStreamClientInterceptors(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (stream grpc.ClientStream, err error) {
				err = around(r, ctx, opts, func(ctx context.Context, opts []grpc.CallOption) (err error) {
					stream, err = streamer(ctx, desc, cc, method, opts...)
					return err
				})
				return stream, err
			}))
	}
	for _, i := range r.serverInterceptors {
		around := serverInterceptors[i].around
		opts = append(opts,
			inprocchain.WithUnaryServerInterceptors(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
				err = around(r, func() (err error) { resp, err = handler(ctx, req); return err })
				return resp, err
			}),
			inprocchain.WithStreamServerInterceptors(func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
				return around(r, func() error { return handler(srv, ss) })
			}))
	}
	opts = append(opts, inprocchain.WithClientStatsHandlers(r.statsHandlers("client", r.clientStats)...))
	opts = append(opts, inprocchain.WithServerStatsHandlers(r.statsHandlers("server", r.serverStats)...))
	return inprocchain.NewChain(opts...)
}

// secondClient returns the options of the second client.
func (r *run) secondClient() []inprocchain.Option {
	return []inprocchain.Option{inprocchain.WithClientStatsHandlers(r.statsHandlers("second client", r.clientStats)...)}
}

func (r *run) statsHandlers(side string, behaviors []behavior) []stats.Handler {
	var handlers []stats.Handler
	for i, b := range behaviors {
		h := &statsHandler{run: r, side: side, number: i, behavior: b}
		r.handlers = append(r.handlers, h)
		handlers = append(handlers, h)
	}
	return handlers
}

// A clientInterceptor calls call, which makes the RPC.
type clientInterceptor struct {
	name   string
	around func(r *run, ctx context.Context, opts []grpc.CallOption, call func(context.Context, []grpc.CallOption) error) error
	later  bool // It makes an RPC some time after it has been called.
}

type (
	options = []grpc.CallOption
	invoke  = func(context.Context, options) error
)

// callsTwice is the one of clientInterceptors that makes two attempts.
const callsTwice = 1

var clientInterceptors = []clientInterceptor{
	{"calls", func(_ *run, ctx context.Context, opts options, call invoke) error { return call(ctx, opts) }, false},
	{"calls twice with options of its own", func(r *run, ctx context.Context, opts options, call invoke) error {
		var headers [2]metadata.MD
		attempts := [2]options{append(opts, grpc.Header(&headers[0])), append(opts, grpc.Header(&headers[1]))}
		var err error
		for i, opts := range attempts {
			if r.over.Err() != nil {
				break
			}
			err = call(metadata.AppendToOutgoingContext(ctx, "attempt", fmt.Sprint(i)), opts)
		}
		md, ok := metadata.FromOutgoingContext(ctx)
		if c := r.callOf(md, ok); c != nil && c.unary {
			c.see("interceptor", "headers "+mdText(headers[0])+" "+mdText(headers[1]))
		}
		return err
	}, true},
	{"calls 1 later", func(r *run, ctx context.Context, opts options, call invoke) error {
		r.pass()
		return call(ctx, opts)
	}, true},
	{"calls on another goroutine", func(_ *run, ctx context.Context, opts options, call invoke) error {
		result := make(chan error)
		go func() {
			err := errors.New("a panic on another goroutine")
			defer func() {
				_ = recover() // of a panic of a stats handler
				result <- err
			}()
			err = call(ctx, opts)
		}()
		return <-result
	}, false},
	{"calls with a detached context", func(r *run, ctx context.Context, opts options, call invoke) error {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		r.whenOver(ctx, cancel)
		return call(ctx, opts)
	}, false},
	{"calls with a deadline in 1", func(r *run, ctx context.Context, opts options, call invoke) error {
		ctx, cancel := withDeadlineIn(ctx, r.unit)
		r.whenOver(ctx, cancel)
		return call(ctx, opts)
	}, false},
}

// A serverInterceptor calls handler.
type serverInterceptor struct {
	name   string
	around func(r *run, handler func() error) error
}

var serverInterceptors = []serverInterceptor{
	{"calls", func(_ *run, handler func() error) error { return handler() }},
	{"calls 1 later", func(r *run, handler func() error) error { r.pass(); return handler() }},
	{"returns 1 later", func(r *run, handler func() error) error { defer r.pass(); return handler() }},
	{"calls on another goroutine", func(_ *run, handler func() error) error {
		result := make(chan error)
		go func() { result <- handler() }()
		return <-result
	}},
}

type defaultOption struct {
	name string
	make func(*run) grpc.CallOption
}

// limitsReceived is the one of defaultOptions that limits the size of responses.
const limitsReceived = 1

var defaultOptions = []defaultOption{
	{"WaitForReady(false)", func(*run) grpc.CallOption { return grpc.WaitForReady(false) }},
	{"MaxCallRecvMsgSize(1000)", func(*run) grpc.CallOption { return grpc.MaxCallRecvMsgSize(1000) }},
	{"PerRPCCredentials", func(r *run) grpc.CallOption { return grpc.PerRPCCredentials(credentials{r, nil}) }},
}

type callOption struct {
	name string
	make func(*call) grpc.CallOption
}

var callOptions = []callOption{
	{"Header", func(c *call) grpc.CallOption { return grpc.Header(&c.header) }},
	{"Trailer", func(c *call) grpc.CallOption { return grpc.Trailer(&c.trailer) }},
	{"Peer", func(c *call) grpc.CallOption { return grpc.Peer(&c.peer) }},
	{"OnFinish", func(c *call) grpc.CallOption {
		return grpc.OnFinish(func(err error) { c.see("OnFinish", c.errorText(err)) })
	}},
	{"OnFinish that shuts the server down", func(c *call) grpc.CallOption {
		return grpc.OnFinish(func(error) {
			if c.unary { // A Channel calls it on a stream's caller, a network also on another goroutine.
				c.shutDown(fmt.Sprintf("call %d, OnFinish", c.number))
			}
		})
	}},
	{"OnFinish of nothing", func(*call) grpc.CallOption { return &grpc.OnFinishCallOption{} }},
	{"failing PerRPCCredentials", func(c *call) grpc.CallOption {
		return grpc.PerRPCCredentials(credentials{c.run, errors.New("no token")})
	}},
	{"embedded Trailer", func(c *call) grpc.CallOption {
		return embedding{grpc.Trailer(&c.trailer)}
	}},
}

// An embedding embeds an option of grpc-go, as a struct of an application may.
type embedding struct{ grpc.CallOption }

func (c *call) callOptions() []grpc.CallOption {
	var opts []grpc.CallOption
	for _, i := range c.callSpec.options {
		opts = append(opts, callOptions[i].make(c))
	}
	return opts
}

type credentials struct {
	*run
	err error
}

func (c credentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"token": "t"}, c.err
}

func (credentials) RequireTransportSecurity() bool { return false }
