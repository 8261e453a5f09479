package inprocchain

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

// ErrNotInProcess is what [Unwrap] reports, wrapped with the layers it saw, for
// a channel that does not end in an in-process one. Test for it with
// [errors.Is].
var ErrNotInProcess = errors.New("inprocchain: not an in-process channel")

// Unwrap returns the in-process channel that cc is or wraps, through any number
// of layers with an Unwrap() grpc.ClientConnInterface method, such as those of
// [github.com/fullstorydev/grpchan.InterceptClientConn] and [Channel]. It is
// what to write instead of a type assertion, which fails as soon as somebody
// adds a layer.
//
// Otherwise its error is [ErrNotInProcess], naming the layers it saw. It never
// panics by itself: nil, a typed nil and layers without an end are errors, too.
// The [*grpc.ClientConn] of [Channel.ClientConn] is an end, too:
// keep the Channel.
func Unwrap(cc grpc.ClientConnInterface) (*inprocgrpc.Channel, error) {
	ch, ok, seen := find[*inprocgrpc.Channel](cc)
	if !ok {
		return nil, fmt.Errorf("%w: saw %s", ErrNotInProcess, strings.Join(shortened(seen), " → "))
	}
	return ch, nil
}

// shortened leaves out the middle of many layers.
func shortened(seen []string) []string {
	const some = 10
	if len(seen) <= 2*some {
		return seen
	}
	return slices.Concat(seen[:some], []string{"…"}, seen[len(seen)-some:])
}

// As returns the first layer of cc that is a T, from the outside in, and
// whether there is one. T may be an interface. It follows the layers as
// [Unwrap] does and never panics by itself.
func As[T grpc.ClientConnInterface](cc grpc.ClientConnInterface) (T, bool) {
	layer, ok, _ := find[T](cc)
	return layer, ok
}

// Nobody has so many layers: they go round in a circle, or make new ones.
const maxLayers = 10_000

func find[T grpc.ClientConnInterface](cc grpc.ClientConnInterface) (_ T, ok bool, seen []string) {
	for len(seen) < maxLayers {
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
