package details_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// Options of applications embed those of grpc-go, or point to them. They must have an effect
// where they have one on a network.
func TestEmbeddedCallOptionsTakeEffectAsOnANetwork(t *testing.T) {
	t.Parallel()
	type embedding struct{ grpc.CallOption }
	type deep struct {
		name string
		embedding
	}
	type pointing struct{ *embedding }
	compareOptions(t, map[string]func(grpc.CallOption) grpc.CallOption{
		"itself":                    func(o grpc.CallOption) grpc.CallOption { return o },
		"pointer to it":             pointerTo,
		"embedded":                  func(o grpc.CallOption) grpc.CallOption { return embedding{o} },
		"embedded pointer to it":    func(o grpc.CallOption) grpc.CallOption { return embedding{pointerTo(o)} },
		"pointer to the embedding":  func(o grpc.CallOption) grpc.CallOption { return &embedding{o} },
		"embedded twice":            func(o grpc.CallOption) grpc.CallOption { return deep{"name", embedding{o}} },
		"embedded behind a pointer": func(o grpc.CallOption) grpc.CallOption { return pointing{&embedding{o}} },
	})
}

// compareOptions makes RPCs with each option, wrapped in each way.
func compareOptions(t *testing.T, wrappers map[string]func(grpc.CallOption) grpc.CallOption) {
	for name, wrap := range wrappers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			network := map[string]string{}
			for _, c := range connect.All(t, inprocchain.Chain{}, optionService.register) {
				for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface, ...grpc.CallOption) error{"unary": callWithOptions, "stream": streamWithOptions} {
					for option, effect := range optionEffects(wrap) {
						ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
						opt, result := effect()
						got := fmt.Sprint(call(ctx, c.Conn, opt), ", ", result())
						cancel()
						if !c.InProcess {
							network[kind+option] = got
						} else if got != network[kind+option] {
							t.Errorf("%s, %s, %s: %s, want as on a network: %s", c.Name, kind, option, got, network[kind+option])
						}
					}
				}
			}
		})
	}
}

// pointerTo returns a pointer to an option, which has the methods of the option.
func pointerTo(opt grpc.CallOption) grpc.CallOption {
	switch opt := opt.(type) {
	case grpc.HeaderCallOption:
		return &opt
	case grpc.TrailerCallOption:
		return &opt
	case grpc.PeerCallOption:
		return &opt
	case grpc.OnFinishCallOption:
		return &opt
	case grpc.MaxRecvMsgSizeCallOption:
		return &opt
	case grpc.MaxSendMsgSizeCallOption:
		return &opt
	case grpc.PerRPCCredsCallOption:
		return &opt
	case grpc.ContentSubtypeCallOption:
		return &opt
	case grpc.CompressorCallOption:
		return &opt
	}
	panic(fmt.Sprintf("no case for %T", opt))
}

// optionEffects returns, for each option, a function that makes it and one that returns what it
// has done.
func optionEffects(wrap func(grpc.CallOption) grpc.CallOption) map[string]func() (grpc.CallOption, func() string) {
	nothing := func() string { return "" }
	return map[string]func() (grpc.CallOption, func() string){
		"Header": func() (grpc.CallOption, func() string) {
			md := new(metadata.MD)
			return wrap(grpc.Header(md)), func() string { return fmt.Sprint(plain(*md)) }
		},
		"Trailer": func() (grpc.CallOption, func() string) {
			md := new(metadata.MD)
			return wrap(grpc.Trailer(md)), func() string { return fmt.Sprint(plain(*md)) }
		},
		"Peer": func() (grpc.CallOption, func() string) {
			p := new(peer.Peer)
			return wrap(grpc.Peer(p)), func() string { return fmt.Sprint(p.Addr != nil) }
		},
		"OnFinish": func() (grpc.CallOption, func() string) {
			calls := 0
			return wrap(grpc.OnFinish(func(error) { calls++ })), func() string { return fmt.Sprint(calls) }
		},
		"MaxCallRecvMsgSize": func() (grpc.CallOption, func() string) { return wrap(grpc.MaxCallRecvMsgSize(1)), nothing },
		"MaxCallSendMsgSize": func() (grpc.CallOption, func() string) { return wrap(grpc.MaxCallSendMsgSize(1)), nothing },
		"CallContentSubtype": func() (grpc.CallOption, func() string) { return wrap(grpc.CallContentSubtype("unknown")), nothing },
		"UseCompressor":      func() (grpc.CallOption, func() string) { return wrap(grpc.UseCompressor("unknown")), nothing },
		"PerRPCCredentials": func() (grpc.CallOption, func() string) {
			return wrap(grpc.PerRPCCredentials(failingCredentials{})), nothing
		},
	}
}

type failingCredentials struct{}

func (failingCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return nil, fmt.Errorf("no token")
}

func (failingCredentials) RequireTransportSecurity() bool { return false }

// optionService sends a header and a trailer.
var optionService = service{
	unary: func(ctx context.Context, req any) (any, error) { return req, setBoth(ctx) },
	stream: func(stream grpc.ServerStream) error {
		if err := stream.RecvMsg(new(wrapperspb.StringValue)); err != nil {
			return err
		}
		if err := setBoth(stream.Context()); err != nil {
			return err
		}
		return stream.SendMsg(wrapperspb.String("response"))
	},
}

func setBoth(ctx context.Context) error {
	if err := grpc.SetHeader(ctx, metadata.Pairs("header", "value")); err != nil {
		return err
	}
	return grpc.SetTrailer(ctx, metadata.Pairs("trailer", "value"))
}

func callWithOptions(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) error {
	return cc.Invoke(ctx, unaryMethod, wrapperspb.String("request"), new(wrapperspb.StringValue), opts...)
}

func streamWithOptions(ctx context.Context, cc grpc.ClientConnInterface, opts ...grpc.CallOption) error {
	stream, err := cc.NewStream(ctx, bidi, bidiMethod, opts...)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(wrapperspb.String("request")); err != nil {
		return err
	}
	for err == nil {
		err = stream.RecvMsg(new(wrapperspb.StringValue))
	}
	return err
}
