package conditions

import (
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/inprocchain/inprocchain"
	"google.golang.org/grpc"
)

// In what follows, the server and the channel have the same under the same
// conditions, or their conditions cannot be compared.

func sameCondition(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	var opts []grpc.ServerOption
	if cfg.audit {
		channel.WithServerUnaryInterceptor(audit)
	}
	if cfg.audit {
		opts = append(opts, grpc.UnaryInterceptor(audit))
	}
	return grpc.NewServer(opts...)
}

func sameList(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	interceptors := []grpc.UnaryServerInterceptor{recovered}
	if cfg.audit {
		interceptors = append(interceptors, audit)
	}
	channel.WithServerUnaryInterceptor(chain(interceptors...))
	return grpc.NewServer(grpc.ChainUnaryInterceptor(interceptors...))
}

func oneChain(cfg config) (*grpc.Server, *inprocchain.Channel) {
	var opts []inprocchain.Option
	if cfg.audit {
		opts = append(opts, inprocchain.WithUnaryServerInterceptors(audit))
	}
	_ = inprocchain.NewChain(opts...)
	return grpc.NewServer(), inprocchain.New(opts...)
}

func onBothBranches(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	if cfg.tracing {
		channel.WithServerUnaryInterceptor(audit)
	} else {
		channel.WithServerUnaryInterceptor(chain(recovered, audit))
	}
	switch cfg.audit {
	case true:
		channel.WithServerStreamInterceptor(stream)
	default:
		channel.WithServerStreamInterceptor(stream)
	}
	return grpc.NewServer(grpc.UnaryInterceptor(audit), grpc.StreamInterceptor(stream))
}

func serverIsConditional(cfg config, channel *inprocgrpc.Channel) (server *grpc.Server) {
	opts := []grpc.ServerOption{grpc.UnaryInterceptor(audit)}
	if cfg.tracing {
		channel.WithServerUnaryInterceptor(audit)
		server = grpc.NewServer(opts...)
	}
	return server
}

func onOneOnly(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	if cfg.audit {
		channel.WithServerUnaryInterceptor(audit)
	}
	return grpc.NewServer(grpc.UnaryInterceptor(recovered))
}

func differentConditions(cfg config, channel *inprocgrpc.Channel) *grpc.Server {
	var opts []grpc.ServerOption
	if cfg.audit {
		channel.WithServerUnaryInterceptor(audit)
	}
	if cfg.tracing {
		opts = append(opts, grpc.UnaryInterceptor(audit))
	}
	return grpc.NewServer(opts...)
}
