package outgrowing

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// plugins is a connection to services that may be added and removed at any time. Each plugin
// has a Channel of its own.
type plugins struct {
	mu        sync.Mutex // held while byService is replaced
	byService atomic.Pointer[map[string]*inprocchain.Channel]
}

func (p *plugins) add(plugin *inprocchain.Channel) {
	p.replace(func(byService map[string]*inprocchain.Channel) {
		for service := range plugin.GetServiceInfo() {
			byService[service] = plugin
		}
	})
}

// remove refuses RPCs of the plugin from now on, and waits for those in flight.
func (p *plugins) remove(ctx context.Context, plugin *inprocchain.Channel) error {
	p.replace(func(byService map[string]*inprocchain.Channel) {
		maps.DeleteFunc(byService, func(_ string, other *inprocchain.Channel) bool { return other == plugin })
	})
	return plugin.Shutdown(ctx)
}

// replace changes a copy of the map, because RPCs read it without a lock.
func (p *plugins) replace(change func(map[string]*inprocchain.Channel)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	byService := map[string]*inprocchain.Channel{}
	if current := p.byService.Load(); current != nil {
		maps.Copy(byService, *current)
	}
	change(byService)
	p.byService.Store(&byService)
}

func (p *plugins) find(method string) (*inprocchain.Channel, error) {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	if byService := p.byService.Load(); byService != nil && (*byService)[service] != nil {
		return (*byService)[service], nil
	}
	return nil, status.Errorf(codes.Unimplemented, "unknown service %s", service)
}

func (p *plugins) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	plugin, err := p.find(method)
	if err != nil {
		return err
	}
	return plugin.Invoke(ctx, method, req, reply, opts...)
}

func (p *plugins) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	plugin, err := p.find(method)
	if err != nil {
		return nil, err
	}
	return plugin.NewStream(ctx, desc, method, opts...)
}

// newHost returns a Channel with services of its own and those of the plugins.
func newHost(clients, servers inprocchain.Chain, late *plugins) *inprocchain.Channel {
	host := inprocchain.New(clients, servers, inprocchain.WithRemote(late))
	healthpb.RegisterHealthServer(host, health.NewServer())
	return host
}

// newPlugin returns a Channel for late.add. The client interceptors have run on the host.
func newPlugin(servers inprocchain.Chain, implementation pb.FlagsServer) *inprocchain.Channel {
	plugin := inprocchain.New(servers)
	pb.RegisterFlagsServer(plugin, implementation)
	return plugin
}

func TestServicesMayBeAddedAndRemovedAtAnyTime(t *testing.T) {
	t.Parallel()
	var client, server atomic.Int64
	clients := inprocchain.NewChain(inprocchain.WithUnaryClientInterceptors(
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			client.Add(1)
			return invoker(ctx, method, req, reply, cc, opts...)
		}))
	servers := inprocchain.NewChain(inprocchain.WithUnaryServerInterceptors(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			server.Add(1)
			return handler(ctx, req)
		}))
	late := new(plugins)
	host := newHost(clients, servers, late)
	get := func() error {
		_, err := pb.NewFlagsClient(host).Get(t.Context(), new(pb.GetRequest))
		return err
	}
	if _, err := healthpb.NewHealthClient(host).Check(t.Context(), new(healthpb.HealthCheckRequest)); err != nil {
		t.Fatal(err)
	}
	if err := get(); status.Code(err) != codes.Unimplemented {
		t.Errorf("before the plugin was added, Get returned %v, want Unimplemented", err)
	}
	plugin := newPlugin(servers, new(flags))
	late.add(plugin)
	if err := get(); err != nil {
		t.Errorf("Get returned %v", err)
	}
	if client.Load() != 3 || server.Load() != 2 {
		t.Errorf("the interceptors ran %d and %d times, want 3 and 2: once for each RPC, and for each that was served", client.Load(), server.Load())
	}
	if err := late.remove(t.Context(), plugin); err != nil {
		t.Error(err)
	}
	if err := get(); status.Code(err) != codes.Unimplemented {
		t.Errorf("after the plugin was removed, Get returned %v, want Unimplemented", err)
	}
}

// With the race detector, it shows that RPCs may be made meanwhile.
func TestServicesMayBeAddedAndRemovedDuringRPCs(t *testing.T) {
	t.Parallel()
	late := new(plugins)
	host := newHost(inprocchain.NewChain(), inprocchain.NewChain(), late)
	var calling, changing sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		calling.Go(func() {
			for {
				_, err := pb.NewFlagsClient(host).Get(t.Context(), new(pb.GetRequest))
				if code := status.Code(err); code != codes.OK && code != codes.Unimplemented && code != codes.Unavailable {
					t.Errorf("Get returned %v", err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 4 {
		changing.Go(func() {
			for range 25 {
				plugin := inprocchain.New()
				desc := pb.Flags_ServiceDesc
				if i > 0 {
					desc.ServiceName = fmt.Sprint("plugin", i)
				}
				plugin.RegisterService(&desc, pb.UnimplementedFlagsServer{})
				late.add(plugin)
				if err := late.remove(t.Context(), plugin); err != nil {
					t.Error(err)
				}
			}
		})
	}
	changing.Wait()
	close(done)
	calling.Wait()
	if err := host.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
