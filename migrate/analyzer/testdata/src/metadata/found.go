// Package metadata copies metadata to and from HTTP headers.
package metadata

import (
	"context"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/metadata"
)

func toHeaders(ctx context.Context, req *http.Request) {
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		for k, v := range md { // want `this loop turns the keys of incoming metadata into HTTP headers: on an inprocchain.Channel, as on a network, they include content-type, user-agent, and :authority, which is no valid name of a header; leave these out`
			req.Header.Set("X-Meta-"+k, v[0])
		}
	}
}

func toMap(ctx context.Context) http.Header {
	header := http.Header{}
	md, _ := metadata.FromIncomingContext(ctx)
	for key, values := range md { // want `this loop turns the keys of incoming metadata into HTTP headers`
		name := http.CanonicalHeaderKey(key)
		for _, value := range values {
			header[name] = append(header[name], value)
		}
	}
	return header
}

func fromHeaders(r *http.Request) context.Context {
	ctx := r.Context()
	for k, values := range r.Header { // want `this loop copies HTTP headers into outgoing metadata: on an inprocchain.Channel, as on a network, an RPC with the key connection fails; copy only the headers that the service needs`
		for _, v := range values {
			ctx = metadata.AppendToOutgoingContext(ctx, k, v)
		}
	}
	md := metadata.MD{}
	for k, values := range r.Header { // want `this loop copies HTTP headers into outgoing metadata`
		md[strings.ToLower(k)] = values
	}
	for k, values := range r.Header { // want `this loop copies HTTP headers into outgoing metadata`
		lower := strings.ToLower(k)
		md.Append(lower, values...)
	}
	return metadata.NewOutgoingContext(ctx, md)
}

func converted(r *http.Request) context.Context {
	return metadata.NewOutgoingContext(r.Context(), metadata.MD(r.Header)) // want `this copies HTTP headers into outgoing metadata`
}

func matchers() []runtime.ServeMuxOption {
	return []runtime.ServeMuxOption{
		runtime.WithIncomingHeaderMatcher(func(key string) (string, bool) { // want `this copies HTTP headers into outgoing metadata`
			return strings.ToLower(key), true
		}),
		runtime.WithIncomingHeaderMatcher(every), // want `this copies HTTP headers into outgoing metadata`
		runtime.WithIncomingHeaderMatcher(some),
		runtime.WithIncomingHeaderMatcher(runtime.DefaultHeaderMatcher),
	}
}

func every(key string) (string, bool) { return key, true }

func some(key string) (string, bool) {
	if key == "Cookie" {
		return key, true
	}
	return runtime.DefaultHeaderMatcher(key)
}

// What follows is not reported.

func selected(ctx context.Context, req *http.Request) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	for k, v := range md {
		if !strings.HasPrefix(k, ":") {
			req.Header.Set(k, v[0])
		}
	}
	for k, v := range req.Header {
		switch lower := strings.ToLower(k); lower {
		case "traceparent":
			ctx = metadata.AppendToOutgoingContext(ctx, lower, v[0])
		}
	}
	for k, v := range req.Header {
		if _, ok := ctx.Value(k).(bool); ok {
			ctx = metadata.AppendToOutgoingContext(ctx, k, v[0])
		}
	}
	for _, values := range req.Header {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-values", strings.Join(values, ","))
	}
	return ctx
}

func otherwise(ctx context.Context, header metadata.MD, w http.ResponseWriter) context.Context {
	for k, v := range header { // of a response
		w.Header().Set(k, v[0])
	}
	md, _ := metadata.FromIncomingContext(ctx)
	names := make([]string, 0, len(md))
	for k := range md {
		names = append(names, k)
	}
	return metadata.NewOutgoingContext(ctx, metadata.MD{"names": names})
}
