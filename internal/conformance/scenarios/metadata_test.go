package scenarios_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

func TestRequestMetadataIsReceivedAsOnANetwork(t *testing.T) {
	var scenarios []scenario
	for _, c := range []struct {
		name string
		md   metadata.MD
		more []string // appended
		code codes.Code
	}{
		{name: "none"},
		{name: "empty", md: metadata.MD{}},
		{name: "one", md: metadata.Pairs("key", "value")},
		{name: "repeated", md: metadata.Pairs("key", "1", "key", "2", "key", "1")},
		{name: "appended", md: metadata.Pairs("key", "1"), more: []string{"key", "2", "other", "3"}},
		{name: "appended alone", more: []string{"key", "2"}},
		{name: "empty value", md: metadata.Pairs("key", "", "key", "2")},
		{name: "no value", md: metadata.MD{"key": nil, "other": {"1"}}},
		{name: "binary", md: metadata.Pairs("key-bin", "\x00\xff\n", "key-bin", "", "key-bin", "a,b")},
		{name: "spaces around", md: metadata.Pairs("key", " value ")},
		{name: "comma", md: metadata.Pairs("key", "a,b")},
		{name: "mixed case by Pairs", md: metadata.Pairs("Mixed-Case", "value")},
		{name: "mixed case appended", more: []string{"Mixed-Case", "value"}},
		{name: "all characters of keys", md: metadata.Pairs("a-b_c.d0", "value")},
		{name: "all printable characters", md: metadata.Pairs("key", " !\"#$%&'()*+,-./0123456789:;<=>?@[\\]^_`{|}~")},
		{name: "reserved", md: metadata.Pairs("content-type", "a", "te", "b", "grpc-message-type", "c",
			"grpc-encoding", "d", "grpc-message", "e", "grpc-status", "5", "grpc-timeout", "1S", "key", "value")},
		{name: "reserved appended", more: []string{"grpc-status", "5", "key", "value", "te", "b"}},
		{name: "pseudo-header", md: metadata.Pairs(":path", "/", ":anything", "b", "key", "value")},
		{name: "reserved but allowed", md: metadata.Pairs("grpc-previous-rpc-attempts", "1", "grpc-retry-pushback-ms", "1", "grpc-trace-bin", "\x01", "grpc-tags-bin", "\x02")},
		{name: "host", md: metadata.Pairs("host", "example.com", "key", "value")},
		{name: "empty key", md: metadata.MD{"": {"value"}}, code: codes.Internal},
		{name: "space in key", md: metadata.Pairs("a b", "value"), code: codes.Internal},
		{name: "umlaut in key", md: metadata.Pairs("ä", "value"), code: codes.Internal},
		{name: "newline in value", md: metadata.Pairs("key", "a\nb"), code: codes.Internal},
		{name: "umlaut in value", md: metadata.Pairs("key", "ä"), code: codes.Internal},
		{name: "newline in appended value", more: []string{"key", "a\nb"}, code: codes.Internal},
		{name: "newline in a reserved key's value", md: metadata.Pairs("te", "a\nb"), code: codes.Internal},
	} {
		with := func(ctx context.Context) context.Context {
			if c.md != nil {
				ctx = metadata.NewOutgoingContext(ctx, c.md)
			}
			if c.more != nil {
				ctx = metadata.AppendToOutgoingContext(ctx, c.more...)
			}
			return ctx
		}
		scenarios = append(scenarios, scenario{
			name:  c.name,
			calls: func(ctx context.Context, call testCaller) error { return call.all(with(ctx)) },
			code:  c.code,
		})
	}
	runScenarios(t, scenarios)
}

// The handlers send metadata with every function, and report the result in their response.
func TestResponseMetadataIsReceivedAsOnANetwork(t *testing.T) {
	md := metadata.Pairs("key", "1", "key", "2", "Mixed", "3", "key-bin", "\x00\xff", "empty", "")
	type set = func(ctx context.Context, ss grpc.ServerStream) error
	var scenarios []scenario
	for _, c := range []struct {
		name string
		set  set // ss is nil in a unary RPC
	}{
		{"set header", func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SetHeader(ctx, md) }},
		{"set empty header", func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SetHeader(ctx, metadata.MD{}) }},
		{"set header without values", func(ctx context.Context, _ grpc.ServerStream) error {
			return grpc.SetHeader(ctx, metadata.MD{"key": nil})
		}},
		{"set header twice", func(ctx context.Context, _ grpc.ServerStream) error {
			return errors.Join(grpc.SetHeader(ctx, md), grpc.SetHeader(ctx, metadata.Pairs("key", "4")))
		}},
		{"send header", func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SendHeader(ctx, md) }},
		{"send nil header", func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SendHeader(ctx, nil) }},
		{"set and send header", func(ctx context.Context, _ grpc.ServerStream) error {
			return errors.Join(grpc.SetHeader(ctx, md), grpc.SendHeader(ctx, metadata.Pairs("key", "4")))
		}},
		{"send header twice", func(ctx context.Context, _ grpc.ServerStream) error {
			return errors.Join(grpc.SendHeader(ctx, md), grpc.SendHeader(ctx, metadata.Pairs("key", "4")))
		}},
		{"set header after sending", func(ctx context.Context, _ grpc.ServerStream) error {
			return errors.Join(grpc.SendHeader(ctx, md), grpc.SetHeader(ctx, metadata.Pairs("key", "4")))
		}},
		{"set empty header after sending", func(ctx context.Context, _ grpc.ServerStream) error {
			return errors.Join(grpc.SendHeader(ctx, md), grpc.SetHeader(ctx, nil))
		}},
		{"set trailer", func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SetTrailer(ctx, md) }},
		{"set empty trailer", func(ctx context.Context, _ grpc.ServerStream) error { return grpc.SetTrailer(ctx, metadata.MD{}) }},
		{"set trailer twice", func(ctx context.Context, _ grpc.ServerStream) error {
			return errors.Join(grpc.SetTrailer(ctx, md), grpc.SetTrailer(ctx, metadata.Pairs("key", "4")))
		}},
		{"all of them", func(ctx context.Context, _ grpc.ServerStream) error {
			return errors.Join(grpc.SetHeader(ctx, md), grpc.SendHeader(ctx, md), grpc.SetTrailer(ctx, md))
		}},
		{"reserved keys", func(ctx context.Context, _ grpc.ServerStream) error {
			reserved := metadata.Pairs("grpc-status", "5", "content-type", "a", ":status", "404", "te", "b", "key", "value", "user-agent", "c")
			return errors.Join(grpc.SetHeader(ctx, reserved), grpc.SetTrailer(ctx, reserved))
		}},
		{"an encoded status in the trailer", func(ctx context.Context, _ grpc.ServerStream) error {
			return grpc.SetTrailer(ctx, metadata.Pairs("grpc-status-details-bin", "\x08\x05\x12\x01x"))
		}},
		{"an invalid encoded status in the trailer", func(ctx context.Context, _ grpc.ServerStream) error {
			return grpc.SetTrailer(ctx, metadata.Pairs("grpc-status-details-bin", "x"))
		}},
		{"two encoded statuses in the trailer", func(ctx context.Context, _ grpc.ServerStream) error {
			return grpc.SetTrailer(ctx, metadata.Pairs("grpc-status-details-bin", "x", "grpc-status-details-bin", "y"))
		}},
		{"stream set header", func(_ context.Context, ss grpc.ServerStream) error { return ss.SetHeader(md) }},
		{"stream send header", func(_ context.Context, ss grpc.ServerStream) error { return ss.SendHeader(md) }},
		{"stream send nil header", func(_ context.Context, ss grpc.ServerStream) error { return ss.SendHeader(nil) }},
		{"stream send header twice", func(_ context.Context, ss grpc.ServerStream) error {
			return errors.Join(ss.SendHeader(md), ss.SendHeader(nil))
		}},
		{"stream set header after sending", func(_ context.Context, ss grpc.ServerStream) error {
			return errors.Join(ss.SendHeader(md), ss.SetHeader(md))
		}},
		{"stream set trailer", func(_ context.Context, ss grpc.ServerStream) error { ss.SetTrailer(md); return nil }},
		{"stream set illegal header", func(_ context.Context, ss grpc.ServerStream) error {
			return ss.SetHeader(metadata.Pairs("key", "a\nb"))
		}},
		{"stream send illegal header", func(_ context.Context, ss grpc.ServerStream) error {
			return ss.SendHeader(metadata.MD{"Upper": {"a"}})
		}},
		{"with context and stream", func(ctx context.Context, ss grpc.ServerStream) error {
			ss.SetTrailer(md)
			return errors.Join(ss.SetHeader(md), grpc.SetHeader(ctx, md), ss.SendHeader(nil), grpc.SetTrailer(ctx, md))
		}},
	} {
		for _, end := range []struct {
			name string
			err  error
		}{
			{"OK", nil},
			{"status", status.Error(codes.NotFound, "no such thing")},
			{"status with details", withDetails(t)},
		} {
			serve := testService{
				unary: func(ctx context.Context, req *testText) (any, error) {
					req.Value = result(c.set(ctx, nil))
					return req, end.err
				},
				stream: func(ss grpc.ServerStream) error {
					msg := new(testText)
					if err := ss.RecvMsg(msg); err != nil {
						return err
					}
					msg.Value = result(c.set(ss.Context(), ss))
					if err := ss.SendMsg(msg); err != nil {
						return err
					}
					msg.Value = result(c.set(ss.Context(), ss)) // after the header
					ss.SetTrailer(metadata.Pairs("result", msg.Value))
					return end.err
				},
			}
			if c.name == "an encoded status in the trailer" && end.err == nil {
				continue // The response has arrived by then.
			}
			name := c.name + "/" + end.name
			if c.name[:6] != "stream" && c.name != "with context and stream" {
				scenarios = append(scenarios, scenario{name: "unary/" + name, serve: serve, calls: func(ctx context.Context, call testCaller) error {
					var header, trailer metadata.MD
					return ignoreError(call.unary(ctx, grpc.Header(&header), grpc.Trailer(&trailer)))
				}})
			}
			for _, kind := range []string{methodClientStream, methodServerStream, methodBidiStream} {
				scenarios = append(scenarios, scenario{name: kind[len("/test.Service/"):] + "/" + name, serve: serve, calls: func(ctx context.Context, call testCaller) error {
					s, err := call.stream(ctx, kind)
					if err != nil {
						return err
					}
					if err := s.sendAll("request"); err != nil {
						return err
					}
					if _, err := s.Header(); err != nil {
						return err
					}
					err = s.receiveOne()
					if err == nil && kind != methodClientStream {
						err = s.receiveAll()
					}
					s.Trailer()
					return ignoreError(err)
				}})
			}
		}
	}
	runScenarios(t, scenarios)
}

// result describes err in a form that is valid in metadata.
func result(err error) string {
	if err == nil {
		return "nil"
	}
	return status.Convert(err).Code().String()
}

// ignoreError lets a scenario end with any error.
func ignoreError(error) error { return nil }
