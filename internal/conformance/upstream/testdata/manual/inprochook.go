package manual

import "google.golang.org/grpc/resolver"

// InprocState returns the initial state of the resolver, or nil.
func (r *Resolver) InprocState() *resolver.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastSeenState
}
