package grpc

import (
	"context"
	"encoding/json"
	"math"
	"net"
	"os"
	"strings"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/stats"
)

// InprocHooks are functions that the edits of this copy of grpc-go call. The hook package
// sets them, because grpc cannot import the library.
var InprocHooks struct {
	// Created is called for each new Server.
	Created func(*Server)
	// Serving is called when a Server begins to serve on a listener.
	Serving func(*Server, net.Listener)
	// Stopping is called when a Server has closed its listeners and stops.
	Stopping func(s *Server, graceful bool)
	// Dialing is called by NewClient. If it returns a ClientConn, NewClient
	// returns that.
	Dialing func(InprocClientOptions) *ClientConn
	// Calling is called for each RPC on a ClientConn that Dialing returned.
	Calling func(method string)
}

// inprocServer is the state of each Server for the hook.
type inprocServer struct {
	services []InprocService
}

// inprocClient is the state of each ClientConn for the hook.
type inprocClient struct {
	replaced bool // whether Dialing returned the ClientConn
}

func (c *inprocClient) calling(method string) {
	if c.replaced {
		InprocHooks.Calling(method)
	}
}

// An InprocService has the arguments of RegisterService.
type InprocService struct {
	Desc *ServiceDesc
	Impl any
}

// InprocServerOptions are the options of a Server that a Channel also has.
type InprocServerOptions struct {
	Services      []InprocService
	Unary         UnaryServerInterceptor  // all of them, nil if there is none
	Stream        StreamServerInterceptor // all of them, nil if there is none
	StatsHandlers []stats.Handler
	Transport     credentials.TransportCredentials // nil without Creds
	MaxSend       int
	MaxReceive    int // 0 if it is grpc-go's default, or outside of applications
	// WaitForHandlers is set if Stop waits for handlers.
	WaitForHandlers bool
	// Others names the options that a Channel does not have.
	Others []string
}

// inprocApplication is set for the tests of applications. They have limits and options that tune the
// connection, which the tests of libraries are about.
var inprocApplication = os.Getenv("INPROCCHAIN_UPSTREAM_APPLICATION") != ""

// InprocOptions returns the options of s.
func InprocOptions(s *Server) InprocServerOptions {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.opts
	var others []string
	other := func(is bool, name string) {
		if is {
			others = append(others, name)
		}
	}
	other(o.codec != nil && !(inprocApplication && inprocProtobuf(o.codec)), "ForceServerCodec")
	other(o.cp != nil, "RPCCompressor")
	other(o.dc != nil, "RPCDecompressor")
	other(o.binaryLogger != nil, "binary logger")
	other(o.inTapHandle != nil, "InTapHandle")
	maxReceive := 0
	if o.maxReceiveMessageSize != defaultServerMaxReceiveMessageSize {
		maxReceive = o.maxReceiveMessageSize
	}
	if !inprocApplication {
		other(o.maxConcurrentStreams != math.MaxUint32, "MaxConcurrentStreams")
		other(maxReceive != 0, "MaxRecvMsgSize")
		other(o.unknownStreamDesc != nil, "UnknownServiceHandler")
		other(o.keepaliveParams != keepalive.ServerParameters{}, "KeepaliveParams")
		other(o.keepalivePolicy != keepalive.EnforcementPolicy{}, "KeepaliveEnforcementPolicy")
	}
	other(o.maxHeaderListSize != nil, "MaxHeaderListSize")
	other(o.streamWrapper != nil, "xDS stream wrapper")
	return InprocServerOptions{
		Services:        s.inproc.services,
		Unary:           o.unaryInt,
		Stream:          o.streamInt,
		StatsHandlers:   o.statsHandlers,
		Transport:       o.creds,
		MaxSend:         o.maxSendMessageSize,
		MaxReceive:      maxReceive,
		WaitForHandlers: o.waitForHandlers,
		Others:          others,
	}
}

// inprocProtobuf reports whether a codec encodes as protobuf does, which etcd's does that counts
// bytes.
func inprocProtobuf(codec baseCodec) bool {
	bridge, ok := codec.(codecV0Bridge)
	if !ok {
		return false
	}
	named, ok := bridge.codec.(Codec)
	return ok && named.String() == "proto"
}

// InprocClientOptions are the options of a ClientConn that a Channel also has.
type InprocClientOptions struct {
	Target        resolver.Target
	Resolver      resolver.Builder
	Authority     string
	Dialer        func(context.Context, string) (net.Conn, error)
	Unary         UnaryClientInterceptor  // all of them, nil if there is none
	Stream        StreamClientInterceptor // all of them, nil if there is none
	StatsHandlers []stats.Handler
	CallOptions   []CallOption
	Credentials   []credentials.PerRPCCredentials
	Transport     credentials.TransportCredentials // nil with WithCredentialsBundle
	UserAgent     string                           // empty without WithUserAgent
	// Others names the options that a Channel does not have.
	Others []string
}

// inprocDial returns the ClientConn to use instead of cc, or nil.
func inprocDial(cc *ClientConn) *ClientConn {
	if InprocHooks.Dialing == nil {
		return nil
	}
	replacement := InprocHooks.Dialing(inprocClientOptions(cc))
	if replacement == nil {
		return nil
	}
	cc.cancel()
	replacement.inproc.replaced = true
	// A Channel's ClientConn reports no state, and many tests wait for this one.
	InprocSetState(replacement, connectivity.Ready)
	return replacement
}

func inprocClientOptions(cc *ClientConn) InprocClientOptions {
	o := cc.dopts
	var others []string
	other := func(is bool, name string) {
		if is {
			others = append(others, name)
		}
	}
	other(o.compressorV0 != nil, "WithCompressor")
	other(o.dc != nil, "WithDecompressor")
	other(o.binaryLogger != nil, "binary logger")
	other(o.copts.CredsBundle != nil, "WithCredentialsBundle")
	other(!inprocApplication && o.copts.KeepaliveParams != keepalive.ClientParameters{}, "WithKeepaliveParams")
	other(o.copts.MaxHeaderListSize != nil, "WithMaxHeaderListSize")
	other(o.idleTimeout != defaultDialOptions().idleTimeout, "WithIdleTimeout")
	if raw := o.defaultServiceConfigRawJSON; raw != nil {
		other(!inprocPlainConfig(*raw), "WithDefaultServiceConfig "+*raw)
	}
	userAgent := strings.TrimSpace(strings.TrimSuffix(o.copts.UserAgent, grpcUA))
	return InprocClientOptions{
		Target:        cc.parsedTarget,
		Resolver:      cc.resolverBuilder,
		Authority:     cc.authority,
		Dialer:        o.copts.Dialer,
		Unary:         o.unaryInt,
		Stream:        o.streamInt,
		StatsHandlers: o.copts.StatsHandlers,
		CallOptions:   o.callOptions,
		Credentials:   o.copts.PerRPCCredentials,
		Transport:     o.copts.TransportCredentials,
		UserAgent:     userAgent,
		Others:        others,
	}
}

// inprocPlainConfig reports whether a service config only chooses between the servers of a
// target.
func inprocPlainConfig(raw string) bool {
	var config map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &config); err != nil {
		return false
	}
	for key, value := range config {
		switch key {
		case "loadBalancingPolicy":
			var policy string
			if json.Unmarshal(value, &policy) != nil || !inprocPlainPolicy(policy) {
				return false
			}
		case "loadBalancingConfig":
			var policies []map[string]json.RawMessage
			if json.Unmarshal(value, &policies) != nil || len(policies) != 1 {
				return false
			}
			for policy := range policies[0] {
				if !inprocPlainPolicy(policy) {
					return false
				}
			}
		case "methodConfig":
			if !inprocApplication || !inprocOnlyWaits(value) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// inprocOnlyWaits reports whether method configs only make RPCs wait for a connection. A Channel
// has none for which to wait.
func inprocOnlyWaits(methodConfigs json.RawMessage) bool {
	var configs []map[string]json.RawMessage
	if err := json.Unmarshal(methodConfigs, &configs); err != nil {
		return false
	}
	for _, config := range configs {
		for key := range config {
			if key != "name" && key != "waitForReady" {
				return false
			}
		}
	}
	return true
}

func inprocPlainPolicy(name string) bool { return name == "pick_first" || name == "round_robin" }

// InprocSetState sets the state of cc.
func InprocSetState(cc *ClientConn, state connectivity.State) { cc.csMgr.updateState(state) }
