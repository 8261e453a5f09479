// Package runtime stands in for the package of the same name.
package runtime

type ServeMux struct{}

type ServeMuxOption func(*ServeMux)

type HeaderMatcherFunc func(string) (string, bool)

func NewServeMux(opts ...ServeMuxOption) *ServeMux { return nil }

func DefaultHeaderMatcher(key string) (string, bool) { return key, false }

func WithIncomingHeaderMatcher(fn HeaderMatcherFunc) ServeMuxOption { return nil }
