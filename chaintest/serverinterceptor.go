package chaintest

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

func (r *recorder) unaryServer(place string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, a := r.enterServer(ctx, place, info.FullMethod,
			textField("Server", fmt.Sprintf("%T", info.Server)),
			messageField("request", req))
		resp, err := handler(ctx, req)
		r.returnFromServer(ctx, a, place, messageField("response", resp), errorField("error", err))
		return resp, err
	}
}

func (r *recorder) streamServer(place string) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, a := r.enterServer(ss.Context(), place, info.FullMethod,
			textField("server", fmt.Sprintf("%T", srv)),
			textField("IsClientStream", fmt.Sprint(info.IsClientStream)),
			textField("IsServerStream", fmt.Sprint(info.IsServerStream)))
		err := handler(srv, &serverStream{ss, ctx, r, a, place})
		r.returnFromServer(ctx, a, place, errorField("error", err))
		return err
	}
}

// enterServer records that an interceptor is called.
func (r *recorder) enterServer(ctx context.Context, place, method string, more ...field) (context.Context, *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, a := r.findAttempt(ctx, method)
	md, _ := metadata.FromIncomingContext(ctx)
	streamMethod, _ := grpc.Method(ctx)
	_, hasPeer := peer.FromContext(ctx)
	a.serverEvents.add("server", event{name: place + ": called", fields: append([]field{
		textField("FullMethod", method),
		textField("grpc.Method", streamMethod),
		metadataField("incoming metadata", md),
		textField("deadline", describeDeadline(ctx)),
		textField("peer", describeSet(hasPeer)),
		textField("values of the client's context", describeSet(ctx.Value(attemptKey{}) != nil)),
	}, more...)})
	return ctx, a
}

// returnFromServer records that an interceptor returns.
func (r *recorder) returnFromServer(ctx context.Context, a *attempt, place string, results ...field) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if place == innermost {
		a.clientGone = ctx.Err() != nil && !a.server.responded
	}
	if !a.server.stopped {
		a.serverEvents.add("server", event{name: place + ": returned", fields: results})
	}
}

// A serverStream records the operations on a stream.
type serverStream struct {
	grpc.ServerStream
	ctx      context.Context
	recorder *recorder
	attempt  *attempt
	place    string
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *serverStream) record(sequence func(side string) string, operation string, fields ...field) {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	if !s.attempt.server.stopped {
		s.attempt.serverEvents.add(sequence("server"), event{name: s.place + ": " + operation, fields: fields})
	}
}

func (s *serverStream) SetHeader(md metadata.MD) error {
	err := s.ServerStream.SetHeader(md)
	s.record(s.attempt.rpc.sending, "SetHeader", metadataField("header", md), errorField("error", err))
	return err
}

func (s *serverStream) SendHeader(md metadata.MD) error {
	err := s.ServerStream.SendHeader(md)
	s.record(s.attempt.rpc.sending, "SendHeader", metadataField("header", md), errorField("error", err))
	return err
}

func (s *serverStream) SetTrailer(md metadata.MD) {
	s.ServerStream.SetTrailer(md)
	s.record(s.attempt.rpc.sending, "SetTrailer", metadataField("trailer", md))
}

func (s *serverStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	s.record(s.attempt.rpc.sending, "SendMsg", messageField("message", m), errorField("error", err))
	return err
}

func (s *serverStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == io.EOF || err == nil && !s.attempt.rpc.clientStreams {
		s.recorder.mu.Lock()
		s.attempt.requestsRead = true
		s.recorder.mu.Unlock()
	}
	s.record(s.attempt.rpc.receiving, "RecvMsg", errorField("error", err), messageField("message", m))
	return err
}
