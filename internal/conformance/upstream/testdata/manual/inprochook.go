package manual

import "google.golang.org/grpc/resolver"

// InprocState returns the state that the resolver will begin with, or nil.
func (r *Resolver) InprocState() *resolver.State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastSeenState
}
