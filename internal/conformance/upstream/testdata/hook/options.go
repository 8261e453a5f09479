package hook

import (
	"context"
	"maps"
	"net"
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
	if options.MaxReceive != 0 {
		translated = append(translated, inprocchain.WithServerMaxRecvMsgSize(options.MaxReceive))
	}
	return append(translated, inprocchain.WithServerStatsHandlers(options.StatsHandlers...))
}

// clientSide returns the options of a Channel for those of a ClientConn and the
// server that listens at address.
func clientSide(options grpc.InprocClientOptions, server grpc.InprocServerOptions, address net.Addr) []inprocchain.Option {
	translated := []inprocchain.Option{
		inprocchain.WithDefaultCallOptions(options.CallOptions...),
		inprocchain.WithUserAgent(options.UserAgent),
	}
	if options.Unary != nil {
		translated = append(translated, inprocchain.WithUnaryClientInterceptors(options.Unary))
	}
	if options.Stream != nil {
		translated = append(translated, inprocchain.WithStreamClientInterceptors(options.Stream))
	}
	connection := calls{
		maxResponse: server.MaxSend,
		credentials: options.Credentials,
	}
	if options.Authority != address.String() {
		connection.authority = options.Authority
	}
	translated = append(translated, connection.interceptors()...)
	return append(translated, inprocchain.WithClientStatsHandlers(options.StatsHandlers...))
}

// calls adds to each call, as call options, what a connection does and interceptors do not
// see. The limit for messages that the server sends becomes one for messages that the client
// receives.
type calls struct {
	maxResponse int
	authority   string // empty if it is the address
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

// options returns the options of a call.
func (c calls) options(opts []grpc.CallOption) []grpc.CallOption {
	maxReceive := 4 << 20 // grpc-go's default
	all := slices.Clone(c.credentials)
	for _, opt := range opts {
		switch opt := opt.(type) {
		case grpc.MaxRecvMsgSizeCallOption:
			maxReceive = opt.MaxRecvMsgSize
		case grpc.PerRPCCredsCallOption:
			all = append(c.credentials[:len(c.credentials):len(c.credentials)], opt.Creds)
		}
	}
	var before []grpc.CallOption
	if c.authority != "" {
		before = append(before, grpc.CallAuthority(c.authority))
	}
	opts = slices.Concat(before, opts, []grpc.CallOption{grpc.MaxCallRecvMsgSize(min(maxReceive, c.maxResponse))})
	if len(c.credentials) == 0 {
		return opts
	}
	return append(opts, grpc.PerRPCCredentials(joined(all)))
}

// joined are credentials that send the metadata of all their elements.
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
