package chaintest

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

func (r *recorder) unaryClient(place string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		ctx, a := r.enter(ctx, place, method, &grpc.StreamDesc{}, cc, opts, field{"request", describeMessage(req)})
		if place == innermost {
			opts = r.observe(a, opts)
		}
		err := invoker(ctx, method, req, reply, cc, opts...)
		r.note(a, "client", event{name: place + ": returned", fields: append([]field{
			{"error", describeError(err)},
			{"reply", describeMessage(reply)},
		}, resultFields(opts)...)})
		return err
	}
}

func (r *recorder) streamClient(place string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		ctx, a := r.enter(ctx, place, method, desc, cc, opts)
		if place == innermost {
			opts = r.observe(a, opts)
		}
		stream, err := streamer(ctx, desc, cc, method, opts...)
		r.note(a, "client", event{name: place + ": returned", fields: []field{{"error", describeError(err)}}})
		if err != nil {
			return nil, err
		}
		return &clientStream{stream, r, a, place}, nil
	}
}

// enter records that an interceptor is called. The outermost makes the RPC, the
// innermost an attempt at it.
func (r *recorder) enter(ctx context.Context, place, method string, desc *grpc.StreamDesc, cc *grpc.ClientConn, opts []grpc.CallOption, more ...field) (context.Context, *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	made, _ := ctx.Value(rpcKey{}).(*rpc)
	if made == nil || place == outermost {
		made = r.newRPC(method, desc.ClientStreams, desc.ServerStreams)
		ctx = context.WithValue(ctx, rpcKey{}, made)
	}
	a := &attempt{rpc: made, number: 1}
	if place == innermost {
		a = r.newAttempt(made)
		ctx = context.WithValue(ctx, attemptKey{}, a)
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	r.addClient(a, "client", event{name: place + ": called", fields: append([]field{
		{"method", method},
		{"ClientConn", describeSet(cc != nil)},
		{"options", describeOptions(opts)},
		{"outgoing metadata", describeMetadata(md)},
		{"deadline", describeDeadline(ctx)},
	}, more...)})
	return ctx, a
}

func (r *recorder) note(a *attempt, lane string, e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !a.client.frozen {
		r.addClient(a, lane, e)
	}
}

// observe adds options that show how an attempt ends for its caller.
func (r *recorder) observe(a *attempt, opts []grpc.CallOption) []grpc.CallOption {
	var header, trailer metadata.MD
	observed := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer)}
	r.mu.Lock()
	a.watched = true
	r.mu.Unlock()
	finished := grpc.OnFinish(func(err error) {
		defer r.finish(a, err)
		r.note(a, a.clientEnd(), event{name: "OnFinish", fields: append(resultFields(observed), field{"error", describeError(err)})})
	})
	return append(append(opts[:len(opts):len(opts)], observed...), finished)
}

func (r *recorder) finish(a *attempt, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.finished, a.result = true, err
	r.tellChanged()
}

// resultFields are what the options for results point to.
func resultFields(opts []grpc.CallOption) []field {
	var fields []field
	for _, opt := range opts {
		switch opt := opt.(type) {
		case grpc.HeaderCallOption:
			fields = append(fields, field{"header", describeMetadata(*opt.HeaderAddr)})
		case grpc.TrailerCallOption:
			fields = append(fields, field{"trailer", describeMetadata(*opt.TrailerAddr)})
		case grpc.PeerCallOption:
			fields = append(fields, field{"peer", describeSet(opt.PeerAddr.Addr != nil)})
		}
	}
	return fields
}

// A clientStream records what is done with a stream.
type clientStream struct {
	grpc.ClientStream
	recorder *recorder
	attempt  *attempt
	place    string
}

func (s *clientStream) SendMsg(m any) error {
	early := s.isEarly()
	err := s.ClientStream.SendMsg(m)
	s.sent(early, "SendMsg", field{"message", describeMessage(m)}, field{"error", describeError(err)})
	return err
}

func (s *clientStream) CloseSend() error {
	early := s.isEarly()
	err := s.ClientStream.CloseSend()
	s.sent(early, "CloseSend", field{"error", describeError(err)})
	return err
}

func (s *clientStream) isEarly() bool {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	return !s.attempt.rpc.hasEnded()
}

func (s *clientStream) sent(early bool, did string, fields ...field) {
	s.recorder.note(s.attempt, s.attempt.rpc.sending("client"), event{name: s.place + ": " + did, fields: fields, early: early})
}

func (s *clientStream) received(did string, fields ...field) {
	s.recorder.note(s.attempt, s.attempt.rpc.receiving("client"), event{name: s.place + ": " + did, fields: fields})
}

func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	s.received("RecvMsg", field{"error", describeError(err)}, field{"message", describeMessage(m)})
	return err
}

func (s *clientStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	s.received("Header", field{"header", describeMetadata(md)}, field{"error", describeError(err)})
	return md, err
}

func (s *clientStream) Trailer() metadata.MD {
	md := s.ClientStream.Trailer()
	s.received("Trailer", field{"trailer", describeMetadata(md)})
	return md
}
