package wire

import (
	"context"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// CredentialsMetadata returns the metadata that creds add to an RPC. The error is a
// status. It follows getCallAuthData of grpc-go's internal/transport/http2_client.go,
// for a secure connection, because an in-process connection never leaves the process.
func CredentialsMetadata(ctx context.Context, authority, method string, creds credentials.PerRPCCredentials) (metadata.MD, error) {
	service := method
	if slash := strings.LastIndex(method, "/"); slash >= 0 {
		service = method[:slash]
	}
	audience := "https://" + strings.TrimSuffix(authority, ":443") + service
	ctx = credentials.NewContextWithRequestInfo(ctx, credentials.RequestInfo{Method: method, AuthInfo: secureInfo{}})
	data, err := creds.GetRequestMetadata(ctx, audience)
	if err != nil {
		if st, ok := status.FromError(err); ok {
			if isRestricted(st.Code()) {
				return nil, status.Errorf(codes.Internal, "transport: received per-RPC creds error with illegal status: %v", err)
			}
			return nil, err
		}
		return nil, status.Errorf(codes.Internal, "transport: per-RPC creds failed due to error: %v", err)
	}
	md := make(metadata.MD, len(data))
	for key, value := range data {
		key = strings.ToLower(key)
		if err := validatePair(key, value); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		md[key] = []string{value}
	}
	return md, nil
}

// isRestricted reports whether gRFC A54 forbids the code for credentials. It follows
// IsRestrictedControlPlaneCode of grpc-go's internal/status.
func isRestricted(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition,
		codes.Aborted, codes.OutOfRange, codes.DataLoss:
		return true
	}
	return false
}

// secureInfo is the AuthInfo that credentials receive for the connection.
type secureInfo struct {
	credentials.CommonAuthInfo
}

func (secureInfo) AuthType() string { return "inproc" }

func (secureInfo) GetCommonAuthInfo() credentials.CommonAuthInfo {
	return credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}
}
