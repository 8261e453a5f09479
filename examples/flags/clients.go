package main

import (
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// A client makes requests over one transport.
type client struct {
	pb.FlagsClient

	transport transport
	title     string // for output
	hasToken  bool   // It adds a token by itself.
}

// dial returns a client of the app for each transport. The client over TCP has the dial
// options of the chain. The Channel already has the client side of the chain.
func dial(a *app) (_ []client, closeClients func() error, _ error) {
	options := append(a.chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(a.grpcAddr, options...)
	if err != nil {
		return nil, nil, err
	}
	httpTransport := new(http.Transport)
	rest := restClient{
		base:       "http://" + a.httpAddr,
		http:       &http.Client{Transport: httpTransport},
		propagator: a.telemetry.propagator,
	}
	closeClients = func() error {
		httpTransport.CloseIdleConnections()
		return conn.Close()
	}
	return []client{
		{rest, transportREST, "over REST", false},
		{pb.NewFlagsClient(conn), transportTCP, "over TCP", false},
		{pb.NewFlagsClient(a.channel), transportInProcess, "on the Channel", false},
	}, closeClients, nil
}
