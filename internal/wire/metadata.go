// Package wire holds the rules by which gRPC changes metadata and statuses on
// their way through HTTP/2, with the texts of grpc-go's errors. Its functions
// have no state.
package wire

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The keys of HTTP/2's headers that a handler or a caller can see.
const (
	AuthorityKey   = ":authority"
	ContentTypeKey = "content-type"
	UserAgentKey   = "user-agent"
)

// Validate reports whether grpc-go sends md. Its error is a status. It follows
// Validate of grpc-go's internal/metadata.
func Validate(md metadata.MD) error {
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

// CheckReceived returns the status with which a grpc-go client ends an RPC whose
// header or trailer it cannot read. grpc.SetHeader and grpc.SetTrailer do not
// validate what a handler gives them, so the client's HTTP/2 framer is the first
// to look. The rules and texts are those of golang.org/x/net/http2
// (readMetaFrame).
func CheckReceived(md metadata.MD) error {
	for key, values := range md {
		if !travels(key, values) {
			continue
		}
		if !isHTTP2Name(key) {
			return status.Errorf(codes.Internal, "invalid header field name %q", key)
		}
		if strings.HasSuffix(key, "-bin") {
			continue
		}
		for _, value := range values {
			if !isHTTP2Value(value) {
				return status.Errorf(codes.Internal, "invalid header field value for %q", key)
			}
		}
	}
	return nil
}

func isHTTP2Name(name string) bool {
	for _, b := range []byte(name) {
		isToken := b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
		if !isToken {
			return false
		}
	}
	return name != ""
}

func isHTTP2Value(value string) bool {
	for _, b := range []byte(value) {
		if b < 0x20 && b != '\t' || b == 0x7F {
			return false
		}
	}
	return true
}

// isReserved is isReservedHeader of grpc-go's internal/transport: the keys that
// grpc-go does not take from users.
func isReserved(key string) bool {
	switch key {
	case ContentTypeKey, UserAgentKey, "grpc-message-type", "grpc-encoding",
		"grpc-message", "grpc-status", "grpc-timeout", "te":
		return true
	}
	return strings.HasPrefix(key, ":")
}

// travels reports whether the other side of a network sees the pair.
func travels(key string, values []string) bool {
	return len(values) > 0 && !isReserved(key)
}

// Traveling returns what of md the other side of a network sees. It returns md
// itself if that is all of it.
func Traveling(md metadata.MD) metadata.MD {
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
		return true // Most are empty, and ranging over nothing is not free.
	}
	for key, values := range md {
		if !travels(key, values) {
			return false
		}
	}
	return true
}

// ContentType returns the content type of messages with a codec's name, which is
// empty for the default codec.
func ContentType(subtype string) string {
	if subtype == "" {
		return "application/grpc"
	}
	return "application/grpc+" + subtype
}

// ResponseHeader returns the header that a client receives if a handler has sent
// md, and contentType is that of its messages.
func ResponseHeader(md metadata.MD, contentType string) metadata.MD {
	received := maps.Clone(Traveling(md))
	if received == nil {
		received = metadata.MD{}
	}
	received[ContentTypeKey] = []string{contentType}
	return received
}

// Request is what a client's HTTP/2 HEADERS frame tells a server, apart from the
// method.
type Request struct {
	Authority   string
	ContentType string
	UserAgent   string
}

// EscapeAuthority returns the :authority of RPCs to an endpoint, as encodeAuthority of
// grpc-go's clientconn.go makes it.
func EscapeAuthority(endpoint string) string {
	var escaped strings.Builder
	for _, b := range []byte(endpoint) {
		if b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-_.~!$&'()*+,;=:[]@", b) >= 0 {
			escaped.WriteByte(b)
		} else {
			fmt.Fprintf(&escaped, "%%%02X", b)
		}
	}
	return escaped.String()
}

// Header returns the header of a request without metadata of its own.
func (r Request) Header() metadata.MD {
	return metadata.MD{
		AuthorityKey:   {r.Authority},
		ContentTypeKey: {r.ContentType},
		UserAgentKey:   {r.UserAgent},
	}
}

// HeaderWith returns the header that a server receives with mds, which are the
// metadata of the credentials and of the caller. If a server refuses it, the error
// is the status that its client receives. See operateHeaders of grpc-go's
// internal/transport/http2_server.go.
func (r Request) HeaderWith(mds ...metadata.MD) (metadata.MD, error) {
	header := r.Header()
	for _, md := range mds {
		for key, values := range md {
			if travels(key, values) {
				header[key] = append(slices.Clip(header[key]), values...)
			}
		}
	}
	if hosts := len(header["host"]); hosts > 1 {
		return nil, status.Errorf(codes.Internal, "num values of :authority: 1, num values of host: %v, both must only have 1 value as per HTTP/2 spec", hosts)
	}
	if len(header["connection"]) > 0 {
		return nil, ErrConnectionHeader
	}
	delete(header, "host") // A server has the authority instead.
	return header, nil
}

// CredentialsMetadata returns the metadata that creds add to an RPC. Its error is
// a status. It follows getCallAuthData of grpc-go's
// internal/transport/http2_client.go, for a connection that never leaves the
// process and is therefore secure.
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

// isRestricted is the list of gRFC A54, in grpc-go's internal/status.
func isRestricted(code codes.Code) bool {
	switch code {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition,
		codes.Aborted, codes.OutOfRange, codes.DataLoss:
		return true
	}
	return false
}

// secureInfo is what credentials learn about the connection.
type secureInfo struct {
	credentials.CommonAuthInfo
}

func (secureInfo) AuthType() string { return "inproc" }

func (secureInfo) GetCommonAuthInfo() credentials.CommonAuthInfo {
	return credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}
}
