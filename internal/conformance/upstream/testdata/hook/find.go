package hook

import (
	"context"
	"fmt"
	"net"
	"os"
	"reflect"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/test/bufconn"
)

// find returns the server that a connection with these options would reach, or
// the reason why the connection is not replaced.
func find(options grpc.InprocClientOptions) (*server, string) {
	if len(options.Others) > 0 {
		return nil, "dial options " + strings.Join(options.Others, ", ")
	}
	address, reason := resolve(options)
	if reason != "" {
		return nil, reason
	}
	limit, _ := time.ParseDuration(os.Getenv("INPROCCHAIN_UPSTREAM_WAIT"))
	if application && options.Dialer != nil {
		limit = 0 // The server may have another address.
	}
	found := servers.at(address, limit)
	if found == nil {
		found = servers.behind(options.Dialer, address)
	}
	if found == nil {
		return nil, fmt.Sprintf("no server of this process listens at %q", address)
	}
	if reason := found.untranslatable(); reason != "" {
		return nil, reason
	}
	if reason := accept(options, found); reason != "" {
		return nil, reason
	}
	return found, ""
}

// resolve returns the one address to which the target resolves.
func resolve(options grpc.InprocClientOptions) (address, reason string) {
	endpoint := options.Target.Endpoint()
	switch builder := options.Resolver.(type) {
	case *manual.Resolver:
		state := builder.InprocState()
		if state == nil {
			return endpoint, "" // The resolver has no address yet, so assume the endpoint.
		}
		return manualAddress(state)
	default:
		switch name := fmt.Sprintf("%T", builder); name {
		case "*passthrough.passthroughBuilder", "*dns.dnsBuilder", "*delegatingresolver.delegatingResolver":
			if application {
				endpoint = strings.TrimPrefix(endpoint, "unix:") // as grpc-go's dialer does
			}
			return endpoint, ""
		case "*unix.builder":
			if options.Target.URL.Scheme == "unix-abstract" {
				return "@" + endpoint, ""
			}
			if options.Target.URL.Opaque != "" {
				return options.Target.URL.Opaque, ""
			}
			return options.Target.URL.Path, ""
		case "*resolver.EtcdManualResolver": // of etcd's client
			endpoints := reflect.ValueOf(builder).Elem().FieldByName("endpoints")
			if n := endpoints.Len(); n != 1 {
				return "", fmt.Sprintf("resolver with %d addresses", n)
			}
			_, address, _ = strings.Cut(endpoints.Index(0).String(), "://")
			return address, ""
		default:
			return "", "resolver " + name
		}
	}
}

func manualAddress(state *resolver.State) (address, reason string) {
	addresses := state.Addresses
	for _, endpoint := range state.Endpoints {
		if endpoint.Attributes != nil {
			return "", "resolver with attributes"
		}
		addresses = append(addresses[:len(addresses):len(addresses)], endpoint.Addresses...)
	}
	switch {
	case len(addresses) != 1:
		return "", fmt.Sprintf("resolver with %d addresses", len(addresses))
	case addresses[0].ServerName != "":
		return "", "resolver with a server name"
	case state.ServiceConfig != nil:
		return "", "resolver with a service config"
	case state.Attributes != nil || addresses[0].Attributes != nil || addresses[0].BalancerAttributes != nil:
		return "", "resolver with attributes"
	}
	return addresses[0].Addr, ""
}

// at returns the server that listens at address. A test may start a server in a goroutine and
// connect immediately, so at waits for servers that do not serve yet, and at least for limit.
func (r *registry) at(address string, limit time.Duration) *server {
	for began := time.Now(); ; time.Sleep(time.Millisecond) {
		found, pending := r.byAddress(address)
		if found != nil {
			return found
		}
		waited := time.Since(began)
		if waited >= limit && (waited >= time.Second || !pending) {
			return nil
		}
	}
}

// byAddress returns the server that listens at address. Otherwise it returns nil, and whether
// there are servers that do not serve yet.
func (r *registry) byAddress(address string) (found *server, pending bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for listener, s := range r.listeners {
		if sameAddress(listener.Addr(), address) {
			return s, false
		}
	}
	return nil, len(r.pending) > 0
}

func sameAddress(listener net.Addr, address string) bool {
	if listener.Network() == "bufconn" {
		return false // All bufconn listeners have the same address.
	}
	if listener.String() == address {
		return true
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	listenerHost, listenerPort, err := net.SplitHostPort(listener.String())
	return err == nil && port == listenerPort && local(host) && local(listenerHost)
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || host == "" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// behind returns the server whose bufconn.Listener a dialer dials.
func (r *registry) behind(dialer func(context.Context, string) (net.Conn, error), address string) *server {
	if dialer == nil || !r.anyBufconn() {
		return nil
	}
	bufconn.InprocProbes.Add(1)
	defer bufconn.InprocProbes.Add(-1)
	dialed := make(chan *bufconn.InprocProbe, 1)
	go func() {
		conn, err := dialer(context.Background(), address)
		if err != nil {
			conn = &bufconn.InprocProbe{}
		}
		probe, ok := conn.(*bufconn.InprocProbe)
		if !ok {
			conn.Close()
			probe = &bufconn.InprocProbe{}
		}
		dialed <- probe
	}()
	var probe *bufconn.InprocProbe
	select {
	case probe = <-dialed:
	case <-time.After(time.Second):
	}
	if probe == nil || probe.Listener == nil {
		return nil
	}
	for range 100 {
		r.mu.Lock()
		found := r.listeners[probe.Listener]
		r.mu.Unlock()
		if found != nil {
			return found
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}
