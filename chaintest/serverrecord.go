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
		ctx, a := r.serve(ctx, place, info.FullMethod,
			field{"Server", fmt.Sprintf("%T", info.Server)},
			field{"request", describeMessage(req)})
		resp, err := handler(ctx, req)
		r.returned(ctx, a, place, field{"response", describeMessage(resp)}, field{"error", describeError(err)})
		return resp, err
	}
}

func (r *recorder) streamServer(place string) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, a := r.serve(ss.Context(), place, info.FullMethod,
			field{"server", fmt.Sprintf("%T", srv)},
			field{"IsClientStream", fmt.Sprint(info.IsClientStream)},
			field{"IsServerStream", fmt.Sprint(info.IsServerStream)})
		err := handler(srv, &serverStream{ss, ctx, r, a, place})
		r.returned(ctx, a, place, field{"error", describeError(err)})
		return err
	}
}

// serve records that an interceptor is called.
func (r *recorder) serve(ctx context.Context, place, method string, more ...field) (context.Context, *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, a := r.arrive(ctx, method)
	md, _ := metadata.FromIncomingContext(ctx)
	streamMethod, _ := grpc.Method(ctx)
	_, hasPeer := peer.FromContext(ctx)
	a.server.add("server", event{name: place + ": called", fields: append([]field{
		{"FullMethod", method},
		{"grpc.Method", streamMethod},
		{"incoming metadata", describeMetadata(md)},
		{"deadline", describeDeadline(ctx)},
		{"peer", describeSet(hasPeer)},
		{"values of the client's context", describeSet(ctx.Value(attemptKey{}) != nil)},
	}, more...)})
	return ctx, a
}

// returned records that an interceptor returns.
func (r *recorder) returned(ctx context.Context, a *attempt, place string, results ...field) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if place == innermost {
		a.gone = ctx.Err() != nil && !a.served.answered
	}
	if !a.served.frozen {
		a.server.add("server", event{name: place + ": returned", fields: results})
	}
}

// A serverStream records what is done with a stream.
type serverStream struct {
	grpc.ServerStream
	ctx      context.Context
	recorder *recorder
	attempt  *attempt
	place    string
}

func (s *serverStream) Context() context.Context { return s.ctx }

func (s *serverStream) note(lane func(string) string, did string, fields ...field) {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	if !s.attempt.served.frozen {
		s.attempt.server.add(lane("server"), event{name: s.place + ": " + did, fields: fields})
	}
}

func (s *serverStream) SetHeader(md metadata.MD) error {
	err := s.ServerStream.SetHeader(md)
	s.note(s.attempt.rpc.sending, "SetHeader", field{"header", describeMetadata(md)}, field{"error", describeError(err)})
	return err
}

func (s *serverStream) SendHeader(md metadata.MD) error {
	err := s.ServerStream.SendHeader(md)
	s.note(s.attempt.rpc.sending, "SendHeader", field{"header", describeMetadata(md)}, field{"error", describeError(err)})
	return err
}

func (s *serverStream) SetTrailer(md metadata.MD) {
	s.ServerStream.SetTrailer(md)
	s.note(s.attempt.rpc.sending, "SetTrailer", field{"trailer", describeMetadata(md)})
}

func (s *serverStream) SendMsg(m any) error {
	err := s.ServerStream.SendMsg(m)
	s.note(s.attempt.rpc.sending, "SendMsg", field{"message", describeMessage(m)}, field{"error", describeError(err)})
	return err
}

func (s *serverStream) RecvMsg(m any) error {
	err := s.ServerStream.RecvMsg(m)
	if err == io.EOF || err == nil && !s.attempt.rpc.clientStreams {
		s.recorder.mu.Lock()
		s.attempt.read = true
		s.recorder.mu.Unlock()
	}
	s.note(s.attempt.rpc.receiving, "RecvMsg", field{"error", describeError(err)}, field{"message", describeMessage(m)})
	return err
}
