package main

import (
	"context"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// A transport is how a request reached the process that serves it.
type transport string

const (
	transportREST      transport = "rest"
	transportTCP       transport = "tcp"
	transportInProcess transport = "in-process"
)

// gatewayKey is the metadata key with which the gateway marks its requests.
const gatewayKey = "flags-gateway"

// transportOf returns the transport of the request that ctx belongs to.
func transportOf(ctx context.Context) transport {
	// Use the metadata only in-process, because clients over TCP may send any metadata.
	if from, ok := peer.FromContext(ctx); !ok || from.Addr.Network() != "inproc" {
		return transportTCP
	}
	if len(metadata.ValueFromIncomingContext(ctx, gatewayKey)) > 0 {
		return transportREST
	}
	return transportInProcess
}
