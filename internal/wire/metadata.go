// Package wire implements what HTTP/2 and grpc-go do to metadata and statuses between
// client and server. The error texts are those of grpc-go. Its functions have no state.
package wire

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The keys of HTTP/2's headers that a handler or a caller can see.
const (
	AuthorityKey   = ":authority"
	ContentTypeKey = "content-type"
	UserAgentKey   = "user-agent"
)

// Validate returns an error if grpc-go would refuse to send md. The error is a status.
// It follows Validate of grpc-go's internal/metadata.
func Validate(md metadata.MD) error {
	if len(md) == 0 {
		return nil // Most are empty, and even then a range statement takes time.
	}
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
// header or trailer it cannot read. grpc.SetHeader and grpc.SetTrailer do not validate
// their metadata, so the client's HTTP/2 framer is the first to check it. The rules and
// texts are those of readMetaFrame of golang.org/x/net/http2.
func CheckReceived(md metadata.MD) error {
	if len(md) == 0 {
		return nil // Most are empty, and even then a range statement takes time.
	}
	for key, values := range md {
		if !isSent(key, values) {
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

// IsPath reports whether a server accepts a full method as the path of a request.
func IsPath(fullMethod string) bool { return isHTTP2Value(fullMethod) }

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

// isReserved reports whether grpc-go ignores the key in a user's metadata. It follows
// isReservedHeader of grpc-go's internal/transport.
func isReserved(key string) bool {
	switch key {
	case ContentTypeKey, UserAgentKey, "grpc-message-type", "grpc-encoding",
		"grpc-message", "grpc-status", "grpc-timeout", "te":
		return true
	}
	return strings.HasPrefix(key, ":")
}

// isSent reports whether the pair is sent over a network.
func isSent(key string, values []string) bool {
	return len(values) > 0 && !isReserved(key)
}

// Traveling returns the part of md that is sent over a network. It returns md itself if
// that is all of it.
func Traveling(md metadata.MD) metadata.MD {
	if isSentWhole(md) {
		return md
	}
	wire := metadata.MD{}
	for key, values := range md {
		if isSent(key, values) {
			wire[key] = values
		}
	}
	return wire
}

func isSentWhole(md metadata.MD) bool {
	if len(md) == 0 {
		return true
	}
	for key, values := range md {
		if !isSent(key, values) {
			return false
		}
	}
	return true
}

// ContentType returns the content type of an RPC with the given content subtype, which
// is the name of its codec, or empty for the default codec.
func ContentType(subtype string) string {
	if subtype == "" {
		return "application/grpc"
	}
	return "application/grpc+" + subtype
}

// ResponseHeader returns the header that a client receives if a handler has sent md
// and the content type is contentType. It shares nothing with md.
func ResponseHeader(md metadata.MD, contentType string) metadata.MD {
	received := make(metadata.MD, len(md)+1)
	for key, values := range md {
		if isSent(key, values) {
			received[key] = slices.Clone(values)
		}
	}
	received[ContentTypeKey] = []string{contentType}
	return received
}

// A Request has what a client's HTTP/2 HEADERS frame contains, apart from the method and
// the metadata.
type Request struct {
	Authority   string
	ContentType string
	UserAgent   string
}

// AuthorityOf returns the :authority of RPCs to an endpoint, as initAuthority and
// encodeAuthority of grpc-go's clientconn.go make it.
func AuthorityOf(endpoint string) string {
	var escaped strings.Builder
	if strings.HasPrefix(endpoint, ":") {
		escaped.WriteString("localhost")
	}
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

// HeaderWith returns the header that a server receives if the credentials and the caller
// add the metadata mds. If a server refuses it, the error is the status that the client
// receives. It follows operateHeaders of grpc-go's internal/transport/http2_server.go.
func (r Request) HeaderWith(mds ...metadata.MD) (metadata.MD, error) {
	header := r.Header()
	for _, md := range mds {
		for key, values := range md {
			if isSent(key, values) {
				header[key] = append(header[key], values...)
			}
		}
	}
	if hosts := len(header["host"]); hosts > 1 {
		return nil, status.Errorf(codes.Internal, "num values of :authority: 1, num values of host: %v, both must only have 1 value as per HTTP/2 spec", hosts)
	}
	if len(header["connection"]) > 0 {
		return nil, ErrReset
	}
	delete(header, "host") // A server removes it if there is an authority.
	return header, nil
}
