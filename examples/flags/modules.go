package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// modules are parts of the application that call the flag service with credentials of their
// own. Each has a client of the Channel.
var modules = []string{"billing", "admin"}

// moduleClients returns the clients of the modules. They stay as they are when the flag
// service moves to another process.
func moduleClients(a *app, token string) []client {
	var clients []client
	for _, name := range modules {
		own := a.channel.NewClient(a.chain,
			inprocchain.WithUserAgent(name),
			inprocchain.WithDefaultCallOptions(grpc.PerRPCCredentials(moduleToken(token, name))),
		)
		clients = append(clients, client{pb.NewFlagsClient(own), transport(name), "by the " + name + " module", true})
	}
	return clients
}

// moduleToken returns the credentials of a module. In a real application, a module has a secret
// of its own.
func moduleToken(token, name string) bearer { return bearer(token + "-" + name) }

// bearer is a token in the metadata of requests.
type bearer string

var _ credentials.PerRPCCredentials = bearer("")

// GetRequestMetadata adds the token to a request.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity returns false, because the processes of this example are connected
// without TLS, on one machine.
func (bearer) RequireTransportSecurity() bool { return false }
