package differential_test

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// callResults has the variables to which the call options of a run point.
type callResults struct {
	header, trailer metadata.MD
	peer            peer.Peer
}

type namedCallOption struct {
	name string
	make func(r *run) grpc.CallOption
}

// callOptions are the call options of programs. program.options has indices of this slice.
var callOptions = []namedCallOption{
	{"Header", func(r *run) grpc.CallOption { return grpc.Header(&r.results.header) }},
	{"Trailer", func(r *run) grpc.CallOption { return grpc.Trailer(&r.results.trailer) }},
	{"Peer", func(r *run) grpc.CallOption { return grpc.Peer(&r.results.peer) }},
	{"OnFinish", func(r *run) grpc.CallOption { return grpc.OnFinish(r.onFinish) }},
	{"MaxCallRecvMsgSize(100)", func(*run) grpc.CallOption { return grpc.MaxCallRecvMsgSize(100) }},
	{"MaxCallSendMsgSize(100)", func(*run) grpc.CallOption { return grpc.MaxCallSendMsgSize(100) }},
	{"WaitForReady", func(*run) grpc.CallOption { return grpc.WaitForReady(true) }},
	{"PerRPCCredentials", func(r *run) grpc.CallOption { return grpc.PerRPCCredentials(token{r, nil}) }},
	{"a pointer to HeaderCallOption", func(r *run) grpc.CallOption {
		return &grpc.HeaderCallOption{HeaderAddr: &r.results.header}
	}},
	{"a pointer to MaxRecvMsgSizeCallOption", func(*run) grpc.CallOption {
		return &grpc.MaxRecvMsgSizeCallOption{MaxRecvMsgSize: 100}
	}},
	{"an embedded TrailerCallOption", func(r *run) grpc.CallOption {
		return embedded{grpc.TrailerCallOption{TrailerAddr: &r.results.trailer}}
	}},
	{"StaticMethod", func(*run) grpc.CallOption { return grpc.StaticMethod() }},
	{"PerRPCCredentials that fail", func(r *run) grpc.CallOption {
		return grpc.PerRPCCredentials(token{r, errors.New("no token")})
	}},
	{"PerRPCCredentials that fail with a status", func(r *run) grpc.CallOption {
		return grpc.PerRPCCredentials(token{r, status.Error(codes.NotFound, "no token")})
	}},
	{"PerRPCCredentials that fail with Unavailable", func(r *run) grpc.CallOption {
		return grpc.PerRPCCredentials(token{r, status.Error(codes.Unavailable, "no token")})
	}},
	{"CallAuthority", func(*run) grpc.CallOption { return grpc.CallAuthority("elsewhere") }},
}

func callOptionNames() []string {
	return namesOf(callOptions, func(o namedCallOption) string { return o.name })
}

// An embedded option embeds an option of grpc-go, as a struct of an application may.
type embedded struct{ grpc.TrailerCallOption }

func (r *run) callOptions() []grpc.CallOption {
	var opts []grpc.CallOption
	for _, i := range r.program.options {
		opts = append(opts, callOptions[i].make(r))
	}
	return opts
}

func (r *run) onFinish(err error) {
	r.record("OnFinish", "called", "error", err, "header", r.results.header, "trailer", r.results.trailer)
}

// recordResults records the final values of the variables of the call options.
func (r *run) recordResults() {
	addr := "none"
	if r.results.peer.Addr != nil {
		addr = r.results.peer.String()
	}
	r.record("call options", "set", "header", r.results.header, "trailer", r.results.trailer, "peer", addr)
}

// A token is per-RPC credentials that record their use.
type token struct {
	r   *run
	err error
}

func (t token) GetRequestMetadata(_ context.Context, uri ...string) (map[string]string, error) {
	t.r.record("credentials", "GetRequestMetadata", "uri", uri)
	return map[string]string{"token": "secret"}, t.err
}

func (token) RequireTransportSecurity() bool { return false }
