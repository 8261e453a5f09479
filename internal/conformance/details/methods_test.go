package details_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// Methods with unusual names must be served, or refused, as on a network.
func TestUnusualMethodsAreServedAsOnANetwork(t *testing.T) {
	t.Parallel()
	unary := func(name string) grpc.MethodDesc { return grpc.MethodDesc{MethodName: name, Handler: answer("unary")} }
	stream := func(name string) grpc.StreamDesc {
		return grpc.StreamDesc{StreamName: name, Handler: answerStream("stream"), ClientStreams: true, ServerStreams: true}
	}
	for _, test := range []struct {
		name    string
		service string
		methods []grpc.MethodDesc
		streams []grpc.StreamDesc
		call    []string
	}{
		{"a unary method and a stream with the same name", "s", []grpc.MethodDesc{unary("M")}, []grpc.StreamDesc{stream("M")}, []string{"/s/M"}},
		{"two unary methods with the same name", "s", []grpc.MethodDesc{unary("M"), {MethodName: "M", Handler: answer("second")}}, nil, []string{"/s/M"}},
		{"two streams with the same name", "s", nil, []grpc.StreamDesc{stream("M"), {StreamName: "M", Handler: answerStream("second"), ServerStreams: true}}, []string{"/s/M"}},
		{"a slash in a method", "s", []grpc.MethodDesc{unary("x/y")}, []grpc.StreamDesc{stream("x/z")}, []string{"/s/x/y", "/s/x/z"}},
		{"a slash in a service", "s/t", []grpc.MethodDesc{unary("M")}, []grpc.StreamDesc{stream("S")}, []string{"/s/t/M", "/s/t/S"}},
		{"an empty method", "s", []grpc.MethodDesc{unary("")}, nil, []string{"/s/"}},
		{"an empty service", "", []grpc.MethodDesc{unary("M")}, nil, []string{"//M", "/M"}},
		{"spaces", "s ", []grpc.MethodDesc{unary("M M")}, nil, []string{"/s /M M"}},
		{"a question mark", "s", []grpc.MethodDesc{unary("M?a=b#c")}, nil, []string{"/s/M?a=b#c"}},
		{"percent encoding", "s", []grpc.MethodDesc{unary("M%20")}, nil, []string{"/s/M%20", "/s/M%2520"}},
		{"no ASCII", "ä", []grpc.MethodDesc{unary("ö")}, nil, []string{"/ä/ö"}},
		{"invalid UTF-8", "s", []grpc.MethodDesc{unary("\xff")}, nil, []string{"/s/\xff"}},
		{"control characters", "s", []grpc.MethodDesc{unary("a\nb"), unary("a\x00b"), unary("a\tb"), unary("a\x7fb")}, nil, []string{"/s/a\nb", "/s/a\x00b", "/s/a\tb", "/s/a\x7fb"}},
		{"control characters of an unknown method", "s", nil, nil, []string{"/s/a\nb", "/s/a\x00b", "/s/a\tb", "/s/a\x7fb", "/t/\n", "\n", "\n/s/M"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			register := func(r grpc.ServiceRegistrar) {
				r.RegisterService(&grpc.ServiceDesc{ServiceName: test.service, HandlerType: (*any)(nil), Methods: test.methods, Streams: test.streams}, struct{}{})
			}
			network := map[string]string{}
			for _, c := range connect.All(t, inprocchain.Chain{}, register) {
				for _, method := range test.call {
					for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface, string) string{"unary": askUnary, "stream": askStream} {
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						got := call(ctx, c.Conn, method)
						cancel()
						if !c.InProcess {
							network[kind+method] = got
						} else if got != network[kind+method] {
							t.Errorf("%s, %s %q: %s, want as on a network: %s", c.Name, kind, method, got, network[kind+method])
						}
					}
				}
			}
		})
	}
}

// A service whose handlers need no implementation may be registered with nil.
func TestServiceMayBeRegisteredWithoutImplementation(t *testing.T) {
	t.Parallel()
	type typed interface{ Method() }
	for name, handlerType := range map[string]any{"any": (*any)(nil), "with a method": (*typed)(nil), "nil": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range connect.All(t, inprocchain.Chain{}, func(r grpc.ServiceRegistrar) {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("RegisterService of a %T: %v", r, p)
					}
				}()
				r.RegisterService(&grpc.ServiceDesc{
					ServiceName: "s", HandlerType: handlerType,
					Methods: []grpc.MethodDesc{{MethodName: "M", Handler: answer("unary")}},
					Streams: []grpc.StreamDesc{{StreamName: "S", Handler: answerStream("stream"), ClientStreams: true, ServerStreams: true}},
				}, nil)
			}) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if got, want := askUnary(ctx, c.Conn, "/s/M"), "unary <nil> <nil>"; got != want {
					t.Errorf("%s: the method answers %q, want %q", c.Name, got, want)
				}
				if got, want := askStream(ctx, c.Conn, "/s/S"), "stream <nil> EOF"; got != want {
					t.Errorf("%s: the stream answers %q, want %q", c.Name, got, want)
				}
			}
		})
	}
}

// answer returns a handler whose response is its name and its implementation.
func answer(name string) grpc.MethodHandler {
	return func(srv any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		if err := decode(new(wrapperspb.StringValue)); err != nil {
			return nil, err
		}
		return wrapperspb.String(fmt.Sprint(name, " ", srv)), nil
	}
}

func answerStream(name string) grpc.StreamHandler {
	return func(srv any, stream grpc.ServerStream) error {
		return stream.SendMsg(wrapperspb.String(fmt.Sprint(name, " ", srv)))
	}
}

// askUnary returns the response and the error.
func askUnary(ctx context.Context, cc grpc.ClientConnInterface, method string) string {
	reply := new(wrapperspb.StringValue)
	err := cc.Invoke(ctx, method, wrapperspb.String("request"), reply)
	return fmt.Sprint(reply.Value, " ", err)
}

// askStream returns the last response and the error that ends the stream.
func askStream(ctx context.Context, cc grpc.ClientConnInterface, method string) string {
	stream, err := cc.NewStream(ctx, bidi, method)
	if err != nil {
		return err.Error()
	}
	if err := stream.SendMsg(wrapperspb.String("request")); err != nil && err != io.EOF {
		return err.Error()
	}
	if err := stream.CloseSend(); err != nil {
		return err.Error()
	}
	last := ""
	for {
		reply := new(wrapperspb.StringValue)
		if err := stream.RecvMsg(reply); err != nil {
			return fmt.Sprint(last, " ", err)
		}
		last = reply.Value
	}
}
