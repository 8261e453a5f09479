package main

import (
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// A way is a client whose requests come in by one way.
type way struct {
	via    via
	client pb.FlagsClient
}

// dial returns a client for each way to an app. On the network it has the
// client side of the chain, which in-process the channel brings along.
func dial(a *app) (_ []way, hangUp func() error, _ error) {
	options := append(a.chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(a.grpcAddr, options...)
	if err != nil {
		return nil, nil, err
	}
	transport := new(http.Transport)
	front := rest{base: "http://" + a.httpAddr, client: &http.Client{Transport: transport}, propagator: a.observed.propagator}
	hangUp = func() error {
		transport.CloseIdleConnections()
		return conn.Close()
	}
	return []way{
		{viaHTTP, front},
		{viaNetwork, pb.NewFlagsClient(conn)},
		{viaInProcess, pb.NewFlagsClient(a.channel)},
	}, hangUp, nil
}
