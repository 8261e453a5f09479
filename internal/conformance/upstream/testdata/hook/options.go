package hook

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/inprocchain/inprocchain"
)

// serverSide returns the options of a Channel for those of a server.
func serverSide(options grpc.InprocServerOptions) []inprocchain.Option {
	var translated []inprocchain.Option
	if options.Unary != nil {
		translated = append(translated, inprocchain.WithUnaryServerInterceptors(options.Unary))
	}
	if options.Stream != nil {
		translated = append(translated, inprocchain.WithStreamServerInterceptors(options.Stream))
	}
	return append(translated, inprocchain.WithServerStatsHandlers(options.StatsHandlers...))
}

// clientSide returns the options of a Channel for those of a ClientConn.
func clientSide(options grpc.InprocClientOptions) []inprocchain.Option {
	defaults := calls{before: options.CallOptions}
	translated := defaults.interceptors()
	if options.Unary != nil {
		translated = append(translated, inprocchain.WithUnaryClientInterceptors(options.Unary))
	}
	if options.Stream != nil {
		translated = append(translated, inprocchain.WithStreamClientInterceptors(options.Stream))
	}
	connection := calls{
		before:      []grpc.CallOption{grpc.MaxCallRecvMsgSize(4 << 20)},
		credentials: options.Credentials,
	}
	translated = append(translated, connection.interceptors()...)
	return append(translated, inprocchain.WithClientStatsHandlers(options.StatsHandlers...))
}

// calls is what a connection adds to the options of a call, where the
// interceptors of a test do not see it.
type calls struct {
	before      []grpc.CallOption
	credentials []credentials.PerRPCCredentials
}

func (c calls) interceptors() []inprocchain.Option {
	return []inprocchain.Option{
		inprocchain.WithUnaryClientInterceptors(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return invoker(ctx, method, req, reply, cc, c.options(opts)...)
		}),
		inprocchain.WithStreamClientInterceptors(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return streamer(ctx, desc, cc, method, c.options(opts)...)
		}),
	}
}

// options returns the options of a call. The credentials of a connection hold
// together with the last ones of the call.
func (c calls) options(opts []grpc.CallOption) []grpc.CallOption {
	opts = slices.Concat(c.before, opts)
	if len(c.credentials) == 0 {
		return opts
	}
	all := slices.Clone(c.credentials)
	for _, opt := range slices.Backward(opts) {
		if own, ok := opt.(grpc.PerRPCCredsCallOption); ok {
			all = append(all, own.Creds)
			break
		}
	}
	return append(opts, grpc.PerRPCCredentials(joined(all)))
}

// joined are credentials that hold together.
type joined []credentials.PerRPCCredentials

func (j joined) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	all := map[string]string{}
	for _, creds := range j {
		metadata, err := creds.GetRequestMetadata(ctx, uri...)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, metadata)
	}
	return all, nil
}

func (j joined) RequireTransportSecurity() bool {
	return slices.ContainsFunc(j, credentials.PerRPCCredentials.RequireTransportSecurity)
}
