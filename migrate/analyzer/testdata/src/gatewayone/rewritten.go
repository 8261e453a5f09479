// Package gatewayone has one in-process channel, on which one function registers a
// service that another function uses.
package gatewayone

import (
	"context"

	"example.com/real/flagspb"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/inprocchain/inprocchain"
)

type app struct{ flags flagspb.FlagsServer }

func (a *app) channel() *inprocchain.Channel {
	channel := inprocchain.New()
	flagspb.RegisterFlagsServer(channel, a.flags)
	return channel
}

func (a *app) handler(channel *inprocchain.Channel) (*runtime.ServeMux, error) {
	mux := runtime.NewServeMux()
	return mux, flagspb.RegisterFlagsHandlerServer(context.Background(), mux, a.flags) // want `RegisterFlagsHandlerServer calls the methods of the service directly`
}
