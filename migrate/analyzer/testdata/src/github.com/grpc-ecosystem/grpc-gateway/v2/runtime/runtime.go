// Package runtime declares what the test files need of the real one.
package runtime

type ServeMuxOption func(*ServeMux)

type ServeMux struct{}

func NewServeMux(opts ...ServeMuxOption) *ServeMux { return &ServeMux{} }
