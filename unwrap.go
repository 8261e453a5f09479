package inprocchain

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain/internal/clientconn"
)

// ErrNotInProcess is the error of [Unwrap] for a connection that does not lead to an
// in-process channel. Unwrap adds the types of the layers that it found, so test for it
// with [errors.Is].
var ErrNotInProcess = errors.New("inprocchain: not an in-process channel")

// Unwrap returns the in-process channel that cc is or wraps. It follows any number of
// layers that have a method Unwrap() grpc.ClientConnInterface, such as [Channel] and the
// layers of [github.com/fullstorydev/grpchan.InterceptClientConn]. Use it instead of a
// type assertion, which fails when somebody adds a layer.
//
// If there is no in-process channel, Unwrap returns an error that wraps
// [ErrNotInProcess] and names the layers. This includes a nil cc, a typed nil, and
// layers that wrap each other. A [*grpc.ClientConn] has no method Unwrap, so Unwrap finds
// nothing in the result of [Channel.ClientConn]: keep the Channel.
//
// Unwrap itself never panics, but a layer's own method may.
func Unwrap(cc grpc.ClientConnInterface) (*inprocgrpc.Channel, error) {
	ch, ok, seen := find[*inprocgrpc.Channel](cc)
	if !ok {
		return nil, fmt.Errorf("%w; layers: %s%s", ErrNotInProcess, strings.Join(shortened(seen), " → "), adviceFor(cc))
	}
	return ch, nil
}

// adviceFor says what to do if cc leads to the ClientConn of a Channel.
func adviceFor(cc grpc.ClientConnInterface) string {
	conn, ok := As[*grpc.ClientConn](cc)
	if !ok || !clientconn.IsTarget(conn.Target()) {
		return ""
	}
	return "; the last one is the ClientConn of a Channel, which cannot be unwrapped: keep the Channel, and pass that to Unwrap"
}

// shortened leaves out the middle of a long list of layers.
func shortened(seen []string) []string {
	const some = 10
	if len(seen) <= 2*some {
		return seen
	}
	return slices.Concat(seen[:some], []string{"…"}, seen[len(seen)-some:])
}

// As returns the outermost layer of cc that has type T, and reports whether there is one.
// T may be an interface. As looks through layers as [Unwrap] does, and itself never panics.
func As[T grpc.ClientConnInterface](cc grpc.ClientConnInterface) (T, bool) {
	layer, ok, _ := find[T](cc)
	return layer, ok
}

// maxLayers limits the search, because layers may wrap each other or return new layers
// without end.
const maxLayers = 10_000

// find returns the outermost layer of cc that is a T, and the types of the layers that it
// has seen.
func find[T grpc.ClientConnInterface](cc grpc.ClientConnInterface) (_ T, ok bool, seen []string) {
	for len(seen) < maxLayers {
		if cc == nil {
			return *new(T), false, append(seen, "nil")
		}
		if isNil(cc) {
			return *new(T), false, append(seen, fmt.Sprintf("%T(nil)", cc))
		}
		seen = append(seen, fmt.Sprintf("%T", cc))
		if layer, is := cc.(T); is {
			return layer, true, seen
		}
		wrapper, wraps := cc.(interface {
			Unwrap() grpc.ClientConnInterface
		})
		if !wraps {
			return *new(T), false, seen
		}
		cc = wrapper.Unwrap()
	}
	return *new(T), false, append(seen, "and so on")
}

// isNil reports whether v is nil or holds a nil value.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return rv.IsNil()
	}
	return false
}
