package differential_test

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The behaviors of interceptors, besides recording. Both sides have all except twice, which
// only the server has.
const (
	pass = iota
	refuse
	refusePlainly
	alterError
	alterMetadata
	wrapStream
	swallow
	twice
)

// The behaviors that only client interceptors have.
const (
	retry = twice + iota
	shortDeadline
	redirect
)

var serverInterceptorNames = []string{
	pass:          "passes",
	refuse:        "refuses with a status",
	refusePlainly: "refuses with errors.New",
	alterError:    "alters the error",
	alterMetadata: "sets a header and a trailer",
	wrapStream:    "wraps the stream",
	swallow:       "returns no error",
	twice:         "runs the handler twice",
}

var clientInterceptorNames = []string{
	pass:          "passes",
	refuse:        "refuses with a status",
	refusePlainly: "refuses with errors.New",
	alterError:    "alters the error",
	alterMetadata: "adds outgoing metadata and the options Header and Trailer",
	wrapStream:    "wraps the stream",
	swallow:       "returns no error",
	retry:         "tries again after an error",
	shortDeadline: "sets a deadline of 500 ms",
	redirect:      "calls another method, which is unknown",
}

var errRefused = status.Error(codes.PermissionDenied, "refused")

// refusal returns the error of an interceptor that refuses, or nil.
func refusal(behavior int) error {
	switch behavior {
	case refuse:
		return errRefused
	case refusePlainly:
		return errors.New("refused")
	default:
		return nil
	}
}

func altered(behavior int, err error) error {
	switch {
	case behavior == alterError && err != nil:
		return status.Error(codes.FailedPrecondition, "altered")
	case behavior == swallow && err != io.EOF:
		return nil
	default:
		return err
	}
}

type clientInterceptor struct {
	*run
	observer        string
	behavior        int
	header, trailer metadata.MD
}

func (c *clientInterceptor) unary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	c.record(c.observer, "begins", "method", method, "request", messageText(req), "options", len(opts), "no ClientConn", cc == nil)
	if err := refusal(c.behavior); err != nil {
		return err
	}
	ctx, opts = c.altered(ctx, opts)
	if c.behavior == redirect {
		method = methods[unknownMethod].fullMethod
	}
	err := invoker(ctx, method, req, reply, cc, opts...)
	if c.behavior == retry && err != nil {
		c.record(c.observer, "tries again", "error", err)
		err = invoker(ctx, method, req, reply, cc, opts...)
	}
	c.record(c.observer, "ends", "error", err, "reply", messageText(reply), "header", c.header, "trailer", c.trailer)
	return altered(c.behavior, err)
}

func (c *clientInterceptor) altered(ctx context.Context, opts []grpc.CallOption) (context.Context, []grpc.CallOption) {
	switch c.behavior {
	case alterMetadata:
		opts = append(opts, grpc.Header(&c.header), grpc.Trailer(&c.trailer))
		return metadata.AppendToOutgoingContext(ctx, "from-interceptor", "value"), opts
	case shortDeadline:
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		c.atEnd(cancel) // not when the client's context ends, which would be a race
		return short, opts
	default:
		return ctx, opts
	}
}

func (c *clientInterceptor) stream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	c.record(c.observer, "begins", "method", method, "options", len(opts), "no ClientConn", cc == nil)
	if err := refusal(c.behavior); err != nil {
		return nil, err
	}
	ctx, opts = c.altered(ctx, opts)
	if c.behavior == redirect {
		method = methods[unknownMethod].fullMethod
	}
	stream, err := streamer(ctx, desc, cc, method, opts...)
	if c.behavior == retry && err != nil {
		c.record(c.observer, "tries again", "error", err)
		stream, err = streamer(ctx, desc, cc, method, opts...)
	}
	c.record(c.observer, "ends", "error", err)
	if err != nil && c.behavior == swallow {
		return nil, err // There is no stream to return without an error.
	}
	if err != nil {
		return nil, altered(c.behavior, err)
	}
	if c.behavior == wrapStream || c.behavior == alterError {
		return &clientStream{stream, c}, nil
	}
	return stream, nil
}

// A clientStream records and alters the results of a stream.
type clientStream struct {
	grpc.ClientStream
	by *clientInterceptor
}

func (s *clientStream) SendMsg(message any) error {
	err := s.ClientStream.SendMsg(message)
	s.by.record(s.by.observer, "SendMsg", "error", err)
	return err
}

func (s *clientStream) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	s.by.record(s.by.observer+"'s receiver", "RecvMsg", "message", messageText(message), "error", err)
	return altered(s.by.behavior, err)
}

type serverInterceptor struct {
	*run
	observer string
	behavior int
}

func (s *serverInterceptor) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	s.record(s.observer, "begins", "method", info.FullMethod, "request", messageText(req), "context error", ctx.Err())
	if err := refusal(s.behavior); err != nil {
		return nil, err
	}
	s.alter(ctx)
	response, err := handler(ctx, req)
	if s.behavior == twice {
		response, err = handler(ctx, req)
	}
	s.record(s.observer, "ends", "error", err, "response", messageText(response), "context error", ctx.Err())
	return response, altered(s.behavior, err)
}

func (s *serverInterceptor) alter(ctx context.Context) {
	if s.behavior == alterMetadata {
		s.record(s.observer, "grpc.SetHeader", "error", grpc.SetHeader(ctx, metadata.Pairs("from-interceptor", "header")))
		s.record(s.observer, "grpc.SetTrailer", "error", grpc.SetTrailer(ctx, metadata.Pairs("from-interceptor", "trailer")))
	}
}

func (s *serverInterceptor) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	ctx := stream.Context()
	s.record(s.observer, "begins", "method", info.FullMethod, "client stream", info.IsClientStream,
		"server stream", info.IsServerStream, "context error", ctx.Err())
	if err := refusal(s.behavior); err != nil {
		return err
	}
	s.alter(ctx)
	if s.behavior == wrapStream {
		stream = &serverStream{stream, s}
	}
	err := handler(srv, stream)
	if s.behavior == twice {
		err = handler(srv, stream)
	}
	s.record(s.observer, "ends", "error", err, "context error", ctx.Err())
	return altered(s.behavior, err)
}

// A serverStream records the results of a stream.
type serverStream struct {
	grpc.ServerStream
	by *serverInterceptor
}

func (s *serverStream) SendMsg(message any) error {
	err := s.ServerStream.SendMsg(message)
	s.by.record(s.by.observer, "SendMsg", "error", err)
	return err
}

func (s *serverStream) RecvMsg(message any) error {
	err := s.ServerStream.RecvMsg(message)
	s.by.record(s.by.observer+"'s receiver", "RecvMsg", "message", messageText(message), "error", err)
	return err
}
