// Package inprocchain declares what the test files need of the real one.
package inprocchain

import (
	"context"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

type Option interface{ apply() }

func WithUnaryServerInterceptors(...grpc.UnaryServerInterceptor) Option   { return nil }
func WithStreamServerInterceptors(...grpc.StreamServerInterceptor) Option { return nil }
func WithUnaryClientInterceptors(...grpc.UnaryClientInterceptor) Option   { return nil }
func WithStreamClientInterceptors(...grpc.StreamClientInterceptor) Option { return nil }
func WithServerStatsHandlers(...stats.Handler) Option                     { return nil }
func WithClientStatsHandlers(...stats.Handler) Option                     { return nil }
func WithCloner(inprocgrpc.Cloner) Option                                 { return nil }

type Chain struct{}

func NewChain(opts ...Option) Chain { return Chain{} }

func (Chain) UnaryClientInterceptor() grpc.UnaryClientInterceptor { return nil }

type Channel struct{ inproc *inprocgrpc.Channel }

func New(opts ...Option) *Channel { return nil }

func Wrap(ch *inprocgrpc.Channel, opts ...Option) *Channel { return nil }

func (c *Channel) RegisterService(desc *grpc.ServiceDesc, impl any) {}

func (c *Channel) GetServiceInfo() map[string]grpc.ServiceInfo { return nil }

func (c *Channel) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return nil
}

func (c *Channel) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, nil
}

func (c *Channel) Unwrap() grpc.ClientConnInterface { return nil }

func (c *Channel) InProcess() *inprocgrpc.Channel { return nil }

func Unwrap(cc grpc.ClientConnInterface) (*inprocgrpc.Channel, error) { return nil, nil }

func As[T grpc.ClientConnInterface](cc grpc.ClientConnInterface) (_ T, ok bool) { return }

func MultiRegistrar(registrars ...grpc.ServiceRegistrar) grpc.ServiceRegistrar { return nil }

func (c *Channel) NewClient(opts ...Option) *Channel { return nil }
