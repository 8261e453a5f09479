package transport

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// validate is grpc-go's internal/metadata.Validate. Its error is a status.
func validate(md metadata.MD) error {
	for key, values := range md {
		if err := validatePair(key, values...); err != nil {
			return status.Error(codes.Internal, err.Error())
		}
	}
	return nil
}

func validatePair(key string, values ...string) error {
	if err := validateKey(key); err != nil {
		return err
	}
	if strings.HasSuffix(key, "-bin") {
		return nil
	}
	for _, value := range values {
		if !isPrintable(value) {
			return fmt.Errorf("header key %q contains value with non-printable ASCII characters", key)
		}
	}
	return nil
}

func validateKey(key string) error {
	if key == "" {
		return fmt.Errorf("there is an empty key in the header")
	}
	if key[0] == ':' {
		return nil
	}
	for _, r := range []byte(key) {
		if !(r >= 'a' && r <= 'z') && !(r >= '0' && r <= '9') && r != '.' && r != '-' && r != '_' {
			return fmt.Errorf("header key %q contains illegal characters not in [0-9a-z-_.]", key)
		}
	}
	return nil
}

func isPrintable(value string) bool {
	for _, b := range []byte(value) {
		if b < 0x20 || b > 0x7E {
			return false
		}
	}
	return true
}

// isReserved is grpc-go's internal/transport.isReservedHeader: the keys that
// grpc-go does not take from users.
func isReserved(key string) bool {
	switch key {
	case "content-type", "user-agent", "grpc-message-type", "grpc-encoding",
		"grpc-message", "grpc-status", "grpc-timeout", "te":
		return true
	}
	return strings.HasPrefix(key, ":")
}

// travels reports whether the other side of a network would see the pair.
func travels(key string, values []string) bool {
	return len(values) > 0 && !isReserved(key)
}

// forWire returns what of md the other side of a network would see, which is md
// itself where that is all of it.
func forWire(md metadata.MD) metadata.MD {
	if travelsWhole(md) {
		return md
	}
	wire := metadata.MD{}
	for key, values := range md {
		if travels(key, values) {
			wire[key] = values
		}
	}
	return wire
}

func travelsWhole(md metadata.MD) bool {
	if len(md) == 0 {
		return true // as most are; ranging over nothing is not free
	}
	for key, values := range md {
		if !travels(key, values) {
			return false
		}
	}
	return true
}

// A network server has the authority in its place.
const host = "host"

// forServer is forWire for a request.
func forServer(md metadata.MD) metadata.MD {
	wire := forWire(md)
	if _, ok := wire[host]; ok {
		wire = maps.Clone(wire)
		delete(wire, host)
	}
	return wire
}

// requestMetadata returns the metadata of a request: what the caller has put into
// ctx, and what arrives, which is with what the credentials add, and without what
// grpc-go would hold back. Its error is a status.
func requestMetadata(ctx context.Context, method string, creds credentials.PerRPCCredentials) (sent, arrives metadata.MD, err error) {
	sent, _ = metadata.FromOutgoingContext(ctx)
	if creds == nil {
		return sent, forServer(sent), nil
	}
	auth, err := authMetadata(ctx, method, creds)
	if err != nil {
		return nil, nil, err
	}
	return sent, forServer(metadata.Join(auth, sent)), nil
}

// withHeader returns ctx, with which sent is sent, with what arrives instead, for
// inprocgrpc to carry.
func withHeader(ctx context.Context, sent, arrives metadata.MD) context.Context {
	if len(sent) == 0 && len(arrives) == 0 {
		return ctx
	}
	return metadata.NewOutgoingContext(ctx, arrives)
}

// authMetadata is getCallAuthData of grpc-go's internal/transport/http2_client.go,
// for a connection that nothing leaves and that is therefore secure.
func authMetadata(ctx context.Context, method string, creds credentials.PerRPCCredentials) (metadata.MD, error) {
	service := method[:max(strings.LastIndex(method, "/"), 0)]
	ctx = credentials.NewContextWithRequestInfo(ctx, credentials.RequestInfo{Method: method, AuthInfo: authInfo{}})
	data, err := creds.GetRequestMetadata(ctx, "https://"+Name+service)
	if err != nil {
		if st, ok := status.FromError(err); ok {
			if isRestricted(st.Code()) {
				return nil, status.Errorf(codes.Internal, "transport: received per-RPC creds error with illegal status: %v", err)
			}
			return nil, err
		}
		return nil, status.Errorf(codes.Internal, "transport: per-RPC creds failed due to error: %v", err)
	}
	auth := make(metadata.MD, len(data))
	for key, value := range data {
		key = strings.ToLower(key)
		if err := validatePair(key, value); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		auth[key] = []string{value}
	}
	return auth, nil
}

// isRestricted is the list of gRFC A54, in grpc-go's internal/status.
func isRestricted(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition,
		codes.Aborted, codes.OutOfRange, codes.DataLoss:
		return true
	}
	return false
}

type authInfo struct {
	credentials.CommonAuthInfo
}

func (authInfo) AuthType() string { return Name }

func (authInfo) GetCommonAuthInfo() credentials.CommonAuthInfo {
	return credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}
}
