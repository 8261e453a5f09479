package chaintest

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func (r *recorder) unaryClient(place string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		ctx, a := r.enterClient(ctx, place, method, &grpc.StreamDesc{}, cc, opts, messageField("request", req))
		if r.observesAt(place) {
			opts = r.withObservers(a, opts)
		}
		err := invoker(ctx, method, req, reply, cc, opts...)
		r.recordClient(a, "client", event{name: place + ": returned", fields: append([]field{
			errorField("error", err),
			messageField("reply", reply),
		}, resultFields(opts)...)})
		if place == caller {
			r.returnedToCaller(a, err)
		}
		return err
	}
}

func (r *recorder) streamClient(place string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		ctx, a := r.enterClient(ctx, place, method, desc, cc, opts)
		if r.observesAt(place) {
			opts = r.withObservers(a, opts)
		}
		stream, err := streamer(ctx, desc, cc, method, opts...)
		r.recordClient(a, "client", event{name: place + ": returned", fields: []field{errorField("error", err)}})
		if err != nil {
			if place == caller {
				r.returnedToCaller(a, err)
			}
			return nil, err
		}
		return &clientStream{stream, r, a, place}, nil
	}
}

// observesAt reports whether the place is the one that is nearest to the
// transport, where call options show how an attempt ends.
func (r *recorder) observesAt(place string) bool { return place == innermost || r.clientOnly }

// enterClient records that an RPC or an attempt begins.
func (r *recorder) enterClient(ctx context.Context, place, method string, desc *grpc.StreamDesc, cc *grpc.ClientConn, opts []grpc.CallOption, more ...field) (context.Context, *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, _ := ctx.Value(rpcKey{}).(*rpc)
	if of == nil || place == caller || of.method != method {
		of = r.newRPC(method, desc.ClientStreams, desc.ServerStreams)
		ctx = context.WithValue(ctx, rpcKey{}, of)
	}
	a := &attempt{rpc: of, number: 1}
	if r.observesAt(place) {
		a = r.newAttempt(of)
		a.client.begun = r.clientOnly // Otherwise the stats handlers record this.
		ctx = context.WithValue(ctx, attemptKey{}, a)
	}
	fields := append([]field{
		textField("method", method),
		textField("deadline", describeDeadline(ctx)),
	}, more...)
	if place != caller { // The arguments of the caller are those of calls.
		md, _ := metadata.FromOutgoingContext(ctx)
		fields = append(fields,
			textField("ClientConn", describeSet(cc != nil)),
			textField("options", describeOptions(opts)),
			metadataField("outgoing metadata", md))
	}
	a.addClient("client", event{name: place + ": called", fields: fields})
	return ctx, a
}

func (r *recorder) recordClient(a *attempt, sequence string, e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !a.client.stopped {
		a.addClient(sequence, e)
	}
}

// withObservers adds call options that show how an attempt ends.
func (r *recorder) withObservers(a *attempt, opts []grpc.CallOption) []grpc.CallOption {
	var header, trailer metadata.MD
	results := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer)}
	r.mu.Lock()
	a.hasOnFinish = true
	r.mu.Unlock()
	onFinish := grpc.OnFinish(func(err error) {
		defer r.finish(a, err)
		r.recordClient(a, a.clientEnd(), event{name: "OnFinish", fields: append(resultFields(results), errorField("error", err))})
	})
	return append(append(opts[:len(opts):len(opts)], results...), onFinish)
}

func (r *recorder) finish(a *attempt, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.finished, a.result = true, err
	if r.clientOnly && !a.client.ended {
		a.client.ended, a.client.code = true, status.Code(err)
	}
	r.signalChange()
}

// resultFields returns the values to which the options for results point.
func resultFields(opts []grpc.CallOption) []field {
	var fields []field
	for _, opt := range opts {
		switch opt := opt.(type) {
		case grpc.HeaderCallOption:
			fields = append(fields, metadataField("header", *opt.HeaderAddr))
		case grpc.TrailerCallOption:
			fields = append(fields, metadataField("trailer", *opt.TrailerAddr))
		case grpc.PeerCallOption:
			fields = append(fields, textField("peer", describeSet(opt.PeerAddr.Addr != nil)))
		}
	}
	return fields
}

// A clientStream records the operations on a stream.
type clientStream struct {
	grpc.ClientStream
	recorder *recorder
	attempt  *attempt
	place    string
}

func (s *clientStream) SendMsg(m any) error {
	beforeEnd := s.isBeforeEnd()
	err := s.ClientStream.SendMsg(m)
	s.recordSent(beforeEnd, "SendMsg", messageField("message", m), errorField("error", err))
	return err
}

func (s *clientStream) CloseSend() error {
	beforeEnd := s.isBeforeEnd()
	err := s.ClientStream.CloseSend()
	s.recordSent(beforeEnd, "CloseSend", errorField("error", err))
	return err
}

func (s *clientStream) isBeforeEnd() bool {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	return !s.attempt.rpc.hasEnded()
}

func (s *clientStream) recordSent(beforeEnd bool, operation string, fields ...field) {
	s.recorder.recordClient(s.attempt, s.attempt.rpc.sending("client"), event{name: s.place + ": " + operation, fields: fields, beforeEnd: beforeEnd})
}

func (s *clientStream) recordReceived(operation string, fields ...field) {
	s.recorder.recordClient(s.attempt, s.attempt.rpc.receiving("client"), event{name: s.place + ": " + operation, fields: fields})
}

func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	s.recordReceived("RecvMsg", errorField("error", err), messageField("message", m))
	if err == nil {
		s.recorder.mu.Lock()
		s.attempt.responseRead = true
		s.recorder.mu.Unlock()
	}
	if s.place == caller && (err != nil || !s.attempt.rpc.serverStreams) {
		if err == io.EOF {
			s.recorder.returnedToCaller(s.attempt, nil)
		} else {
			s.recorder.returnedToCaller(s.attempt, err)
		}
	}
	return err
}

func (s *clientStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	s.recordReceived("Header", metadataField("header", md), errorField("error", err))
	return md, err
}

func (s *clientStream) Trailer() metadata.MD {
	md := s.ClientStream.Trailer()
	s.recordReceived("Trailer", metadataField("trailer", md))
	return md
}
