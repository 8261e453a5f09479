package outgrowing

import (
	"fmt"
	"net"
	"testing"

	clusterpb "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corepb "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointpb "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerpb "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routepb "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerpb "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	managerpb "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoverypb "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	controlplane "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/xds"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
)

func TestXDSFindsTheProcesses(t *testing.T) {
	t.Parallel()
	_, first := listen(t, inprocchain.NewChain(), new(flags))
	_, second := listen(t, inprocchain.NewChain(), new(flags))
	bootstrap := fmt.Sprintf(`{
		"xds_servers": [{"server_uri": %q, "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}],
		"node": {"id": "monolith"}
	}`, startControlPlane(t, "monolith", first, second))
	builder, err := xds.NewXDSResolverWithConfigForTesting([]byte(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	channel := connect(t, inprocchain.NewChain(), "xds:///flags", grpc.WithResolvers(builder))
	expectPeers(t, channel, first, second)
}

// startControlPlane serves the addresses as the endpoints of the name flags.
func startControlPlane(t *testing.T, node string, addresses ...string) string {
	t.Helper()
	snapshot, err := cache.NewSnapshot("1", map[resource.Type][]types.Resource{
		resource.ListenerType: {listener(t)},
		resource.ClusterType: {&clusterpb.Cluster{
			Name:                 "flags",
			ClusterDiscoveryType: &clusterpb.Cluster_Type{Type: clusterpb.Cluster_EDS},
			EdsClusterConfig:     &clusterpb.Cluster_EdsClusterConfig{EdsConfig: aggregated()},
		}},
		resource.EndpointType: {endpoints(t, addresses)},
	})
	if err != nil {
		t.Fatal(err)
	}
	snapshots := cache.NewSnapshotCache(true, cache.IDHash{}, nil)
	if err := snapshots.SetSnapshot(t.Context(), node, snapshot); err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	discoverypb.RegisterAggregatedDiscoveryServiceServer(server, controlplane.NewServer(t.Context(), snapshots, nil))
	serve(t, server, tcp)
	return tcp.Addr().String()
}

// listener routes RPCs of the flags service to the cluster flags.
func listener(t *testing.T) *listenerpb.Listener {
	t.Helper()
	routes := &routepb.RouteConfiguration{Name: "flags", VirtualHosts: []*routepb.VirtualHost{{
		Name:    "flags",
		Domains: []string{"*"},
		Routes: []*routepb.Route{{
			Match:  &routepb.RouteMatch{PathSpecifier: &routepb.RouteMatch_Prefix{Prefix: "/flags.v1.Flags/"}},
			Action: &routepb.Route_Route{Route: &routepb.RouteAction{ClusterSpecifier: &routepb.RouteAction_Cluster{Cluster: "flags"}}},
		}},
	}}}
	manager := &managerpb.HttpConnectionManager{
		RouteSpecifier: &managerpb.HttpConnectionManager_RouteConfig{RouteConfig: routes},
		HttpFilters: []*managerpb.HttpFilter{{
			Name:       "router",
			ConfigType: &managerpb.HttpFilter_TypedConfig{TypedConfig: pack(t, new(routerpb.Router))},
		}},
	}
	return &listenerpb.Listener{Name: "flags", ApiListener: &listenerpb.ApiListener{ApiListener: pack(t, manager)}}
}

func endpoints(t *testing.T, addresses []string) *endpointpb.ClusterLoadAssignment {
	t.Helper()
	locality := &endpointpb.LocalityLbEndpoints{
		Locality:            &corepb.Locality{Zone: "a"},
		LoadBalancingWeight: wrapperspb.UInt32(1),
	}
	for _, addr := range addresses {
		tcp, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		locality.LbEndpoints = append(locality.LbEndpoints, &endpointpb.LbEndpoint{
			HostIdentifier: &endpointpb.LbEndpoint_Endpoint{Endpoint: &endpointpb.Endpoint{
				Address: &corepb.Address{Address: &corepb.Address_SocketAddress{SocketAddress: &corepb.SocketAddress{
					Address:       tcp.IP.String(),
					PortSpecifier: &corepb.SocketAddress_PortValue{PortValue: uint32(tcp.Port)},
				}}},
			}},
		})
	}
	return &endpointpb.ClusterLoadAssignment{ClusterName: "flags", Endpoints: []*endpointpb.LocalityLbEndpoints{locality}}
}

func aggregated() *corepb.ConfigSource {
	return &corepb.ConfigSource{
		ResourceApiVersion:    corepb.ApiVersion_V3,
		ConfigSourceSpecifier: &corepb.ConfigSource_Ads{Ads: new(corepb.AggregatedConfigSource)},
	}
}

func pack(t *testing.T, message proto.Message) *anypb.Any {
	t.Helper()
	packed, err := anypb.New(message)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}
