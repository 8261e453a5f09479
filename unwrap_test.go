package inprocchain_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// A layer wraps another connection, or itself in a cycle.
type layer struct{ grpc.ClientConnInterface }

func (l *layer) Unwrap() grpc.ClientConnInterface { return l.ClientConnInterface }

// An incomparable layer causes a panic if it is compared with ==.
type incomparable struct {
	grpc.ClientConnInterface
	_ []string
}

func (l incomparable) Unwrap() grpc.ClientConnInterface { return l.ClientConnInterface }

// An endless layer returns a new layer from each Unwrap.
type endless struct{ _ []string }

func (e endless) Unwrap() grpc.ClientConnInterface {
	return incomparable{ClientConnInterface: endlessConn{e}}
}

// An endlessConn is an endless layer with the methods of a connection.
type endlessConn struct{ endless }

func (endlessConn) Invoke(context.Context, string, any, any, ...grpc.CallOption) error { return nil }
func (endlessConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, nil
}

func passClient(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func TestUnwrapFindsTheChannelAtAnyDepth(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New()
	var deep grpc.ClientConnInterface = ch
	for range 5000 {
		deep = &layer{deep}
	}
	for name, cc := range map[string]grpc.ClientConnInterface{
		"an inprocgrpc.Channel": ch.InProcess(),
		"a Channel":             ch,
		"many layers":           deep,
		"an incomparable layer": incomparable{ClientConnInterface: ch},
		"a layer of grpchan":    grpchan.InterceptClientConn(ch, passClient, nil),
		"a Channel from Wrap":   inprocchain.Wrap(&inprocgrpc.Channel{}),
	} {
		want := ch.InProcess()
		if other, ok := cc.(*inprocchain.Channel); ok {
			want = other.InProcess()
		}
		if got, err := inprocchain.Unwrap(cc); err != nil || got != want {
			t.Errorf("%s: Unwrap returned %p, %v; want %p", name, got, err, want)
		}
	}
}

func TestUnwrapErrorListsTheLayers(t *testing.T) {
	t.Parallel()
	self := &layer{}
	self.ClientConnInterface = self
	first, second := &layer{}, &layer{}
	first.ClientConnInterface, second.ClientConnInterface = second, first
	for name, test := range map[string]struct {
		cc   grpc.ClientConnInterface
		want string
	}{
		"nil":                      {nil, "layers: nil"},
		"a nil inprocgrpc.Channel": {(*inprocgrpc.Channel)(nil), "*inprocgrpc.Channel(nil)"},
		"a nil Channel":            {(*inprocchain.Channel)(nil), "*inprocchain.Channel(nil)"},
		"a layer around nil":       {&layer{}, "*inprocchain_test.layer → nil"},
		"a ClientConn":             {&layer{new(grpc.ClientConn)}, "*inprocchain_test.layer → *grpc.ClientConn"},
		"a layer around itself":    {self, "*inprocchain_test.layer → *inprocchain_test.layer"},
		"a cycle":                  {first, "and so on"},
		"endless layers":           {endlessConn{}, "and so on"},
	} {
		_, err := inprocchain.Unwrap(test.cc)
		if !errors.Is(err, inprocchain.ErrNotInProcess) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Unwrap returned %v, want ErrNotInProcess with %q", name, err, test.want)
		}
		if ch, ok := inprocchain.As[*inprocgrpc.Channel](test.cc); ok || ch != nil {
			t.Errorf("%s: As returned %v, %v", name, ch, ok)
		}
	}
}

func TestAsFindsTheOutermostLayerOfItsType(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New()
	inner := &layer{ch}
	outer := &layer{inner}
	if got, ok := inprocchain.As[*layer](outer); !ok || got != outer {
		t.Errorf("As[*layer] = %p, %v; want %p", got, ok, outer)
	}
	if got, ok := inprocchain.As[*inprocchain.Channel](outer); !ok || got != ch {
		t.Errorf("As[*Channel] = %p, %v; want %p", got, ok, ch)
	}
	if got, ok := inprocchain.As[grpchan.WrappedClientConn](grpc.ClientConnInterface(outer)); !ok || got != grpchan.WrappedClientConn(outer) {
		t.Errorf("As of an interface = %v, %v; want the outermost layer", got, ok)
	}
	if got, ok := inprocchain.As[*grpc.ClientConn](outer); ok {
		t.Errorf("As[*grpc.ClientConn] = %v, want none", got)
	}
}

func TestUnwrapOfTheClientConnOfAChannelSaysToKeepTheChannel(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New()
	client := ch.NewClient()
	network, err := grpc.NewClient("passthrough:///network", insecureDial)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		cc         grpc.ClientConnInterface
		hasAdvice  bool
		wantLayers string
	}{
		"ClientConn of a Channel":   {ch.ClientConn(), true, "layers: *grpc.ClientConn; "},
		"ClientConn of a Client":    {client.ClientConn(), true, "layers: *grpc.ClientConn; "},
		"a layer around ClientConn": {&layer{ch.ClientConn()}, true, "layers: *inprocchain_test.layer → *grpc.ClientConn; "},
		"a network":                 {network, false, "layers: *grpc.ClientConn"},
		"nil":                       {nil, false, "layers: nil"},
	} {
		_, err := inprocchain.Unwrap(test.cc)
		if err == nil || !strings.Contains(err.Error(), test.wantLayers) || strings.Contains(err.Error(), "keep the Channel") != test.hasAdvice {
			t.Errorf("%s: Unwrap returned %v, want %q, and advice: %t", name, err, test.wantLayers, test.hasAdvice)
		}
	}
	if err := errors.Join(ch.Shutdown(t.Context()), network.Close()); err != nil {
		t.Error(err)
	}
}
