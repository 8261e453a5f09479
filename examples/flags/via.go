package main

import (
	"context"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// A via is the way a request came in.
type via string

const (
	viaHTTP      via = "http"
	viaNetwork   via = "network"
	viaInProcess via = "in-process"
)

// frontKey is the metadata by which the HTTP front marks its requests.
const frontKey = "flags-front"

// viaOf tells the way of the request that ctx belongs to.
func viaOf(ctx context.Context) via {
	// Only the peer can be trusted: on a network anyone may send metadata.
	if from, ok := peer.FromContext(ctx); !ok || from.Addr.Network() != "inproc" {
		return viaNetwork
	}
	if len(metadata.ValueFromIncomingContext(ctx, frontKey)) > 0 {
		return viaHTTP
	}
	return viaInProcess
}
