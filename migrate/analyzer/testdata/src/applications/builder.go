package applications

import (
	"google.golang.org/grpc"
)

// builder collects the options of the network server from several functions. Its interceptors
// never run for the in-process channel.
type builder struct{ options []grpc.ServerOption }

func (b *builder) withLimit(bytes int) *builder {
	b.options = append(b.options, grpc.MaxRecvMsgSize(bytes))
	return b
}

func (b *builder) withInterceptors(audit bool) *builder {
	b.options = append(b.options, grpc.ChainUnaryInterceptor(logged, authenticated))
	if audit {
		b.options = append(b.options, grpc.ChainUnaryInterceptor(recordChanges))
	}
	return b
}

func (b *builder) build() *grpc.Server { return grpc.NewServer(b.options...) }
