package hook

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// accept returns why the transport credentials of a client and a server do not accept each
// other. A Channel has no transport credentials, so connections with credentials that are
// refused are not replaced.
func accept(client grpc.InprocClientOptions, s *server) string {
	server := grpc.InprocOptions(s.grpc).Transport
	if client.Transport == nil {
		return "dial options WithCredentialsBundle"
	}
	if s.listenerTLS {
		if !isTLS(client.Transport) {
			return fmt.Sprintf("transport credentials %T and a TLS listener", client.Transport)
		}
		if err := connect(client, s.address); err != nil {
			return "TLS handshake: " + err.Error()
		}
		return ""
	}
	if isPlain(client.Transport) && isPlain(server) {
		return ""
	}
	if !isTLS(client.Transport) || !isTLS(server) {
		return fmt.Sprintf("transport credentials %T and %T", client.Transport, server)
	}
	if err := handshake(client, server); err != nil {
		return "TLS handshake: " + err.Error()
	}
	return ""
}

// isPlain reports whether credentials do not encrypt.
func isPlain(creds credentials.TransportCredentials) bool {
	if creds == nil {
		return true
	}
	protocol := creds.Info().SecurityProtocol
	return protocol == "insecure" || protocol == "local"
}

// isTLS reports whether credentials are grpc-go's for TLS. The handshake of other credentials
// may have other effects.
func isTLS(creds credentials.TransportCredentials) bool {
	return fmt.Sprintf("%T", creds) == "*credentials.tlsCreds"
}

// connect makes a TLS connection to a server whose listener does the handshake.
func connect(client grpc.InprocClientOptions, address net.Addr) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, address.Network(), address.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	_, _, err = client.Transport.ClientHandshake(ctx, client.Authority, conn)
	return err
}

func handshake(client grpc.InprocClientOptions, server credentials.TransportCredentials) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	clientEnd, serverEnd := net.Pipe()
	defer clientEnd.Close()
	defer serverEnd.Close()
	deadline, _ := ctx.Deadline()
	_ = serverEnd.SetDeadline(deadline)

	accepted := make(chan error, 1)
	go func() {
		_, _, err := server.ServerHandshake(serverEnd)
		accepted <- err
	}()
	secured, _, err := client.Transport.ClientHandshake(ctx, client.Authority, clientEnd)
	if err != nil {
		return err
	}
	go func() { _, _ = io.Copy(io.Discard, secured) }() // The server may send more during the handshake.
	return <-accepted
}
