package chaintest

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
)

// memoryCredentials are the transport credentials of a connection in memory. They
// report the security level of an in-process channel, so that per-RPC credentials
// that require transport security are sent over both.
type memoryCredentials struct{}

func (memoryCredentials) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, memoryAuthInfo{}, nil
}

func (memoryCredentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, memoryAuthInfo{}, nil
}

func (memoryCredentials) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "in-memory"}
}

func (memoryCredentials) Clone() credentials.TransportCredentials { return memoryCredentials{} }

func (memoryCredentials) OverrideServerName(string) error { return nil }

type memoryAuthInfo struct{}

func (memoryAuthInfo) AuthType() string { return "in-memory" }

func (memoryAuthInfo) GetCommonAuthInfo() credentials.CommonAuthInfo {
	return credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}
}
