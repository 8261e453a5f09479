package reliability_test

import (
	"errors"
	"testing"

	"github.com/fullstorydev/grpchan"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
)

// A layer wraps a connection, or itself.
type layer struct {
	grpc.ClientConnInterface
	below grpc.ClientConnInterface
}

func (l *layer) Unwrap() grpc.ClientConnInterface { return l.below }

// An incomparableLayer cannot be compared with ==, so cycles of such layers cannot be
// recognized.
type incomparableLayer struct {
	grpc.ClientConnInterface
	below []grpc.ClientConnInterface
}

func (l incomparableLayer) Unwrap() grpc.ClientConnInterface { return l.below[0] }

// FuzzUnwrap unwraps layers that its input describes, from the innermost to the outermost.
func FuzzUnwrap(f *testing.F) {
	for _, layers := range []string{"", "c", "i", "n", "t", "ill", "cgg", "cgulgu", "nl", "tlu", "o", "ol", "O", "glO", "k", "lk", "ngl", "iO"} {
		f.Add([]byte(layers))
	}
	f.Fuzz(func(t *testing.T, layers []byte) {
		if len(layers) > 200 {
			return // More layers test nothing else.
		}
		cc, want := buildLayers(layers)
		got, err := inprocchain.Unwrap(cc)
		if got != want {
			t.Errorf("%q: Unwrap found %p, want %p", layers, got, want)
		}
		if (err == nil) != (want != nil) || err != nil && !errors.Is(err, inprocchain.ErrNotInProcess) {
			t.Errorf("%q: Unwrap's error is %v", layers, err)
		}
		if as, ok := inprocchain.As[*inprocgrpc.Channel](cc); as != want || ok != (want != nil) {
			t.Errorf("%q: As found %p, %v, want %p", layers, as, ok, want)
		}
	})
}

// buildLayers returns the layers and the in-process channel that they end in.
func buildLayers(layers []byte) (cc grpc.ClientConnInterface, want *inprocgrpc.Channel) {
	for _, kind := range layers {
		switch kind {
		case 'i':
			want = new(inprocgrpc.Channel)
			cc = want
		case 'c':
			ch := inprocchain.New()
			cc, want = ch, ch.InProcess()
		case 'n':
			cc, want = nil, nil
		case 't':
			cc, want = (*inprocgrpc.Channel)(nil), nil
		case 'k':
			cc, want = (*inprocchain.Channel)(nil), nil
		case 'o': // a layer that wraps itself
			cycle := new(layer)
			cycle.below = cycle
			cc, want = cycle, nil
		case 'O': // an incomparable layer that wraps itself
			cycle := incomparableLayer{below: make([]grpc.ClientConnInterface, 1)}
			cycle.below[0] = cycle
			cc, want = cycle, nil
		case 'g':
			if cc != nil {
				cc = grpchan.InterceptClientConn(cc, passClient, nil)
			}
		case 'u':
			cc = incomparableLayer{below: []grpc.ClientConnInterface{cc}}
		default:
			cc = &layer{below: cc}
		}
	}
	return cc, want
}
