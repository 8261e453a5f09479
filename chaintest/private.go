package chaintest

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
)

// private are the credentials of a connection that does not leave the process.
// It is as secure as a channel, so that credentials for RPCs which ask for
// security go over both.
type private struct{}

func (private) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, privateInfo{}, nil
}

func (private) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, privateInfo{}, nil
}

func (private) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "in-memory"}
}

func (private) Clone() credentials.TransportCredentials { return private{} }

func (private) OverrideServerName(string) error { return nil }

type privateInfo struct{}

func (privateInfo) AuthType() string { return "in-memory" }

func (privateInfo) GetCommonAuthInfo() credentials.CommonAuthInfo {
	return credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}
}
