package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain"
)

func TestRequestHeadersBecomeMetadata(t *testing.T) {
	t.Parallel()
	var incoming metadata.MD
	create := func(ctx context.Context) error {
		incoming, _ = metadata.FromIncomingContext(ctx)
		return grpc.SetHeader(ctx, metadata.Pairs("request-id", "7"))
	}
	requestID := runtime.WithIncomingHeaderMatcher(func(header string) (key string, ok bool) {
		if header == "X-Request-Id" {
			return "request-id", true
		}
		return runtime.DefaultHeaderMatcher(header)
	})
	url := serve(t, withClient, inprocchain.NewChain(), &service{create: create}, requestID)

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/flags", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for header, value := range map[string]string{
		"Authorization":         "Bearer secret",
		"User-Agent":            "browser",
		"Grpc-Metadata-Tenant":  "acme",
		"X-Request-Id":          "7",
		"X-Unknown":             "x",
		"X-Forwarded-For":       "203.0.113.9",
		"Grpc-Metadata-Traffic": "test",
	} {
		request.Header.Set(header, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()

	for key, want := range map[string]string{
		"authorization":             "Bearer secret",
		"grpcgateway-authorization": "Bearer secret",
		"grpcgateway-user-agent":    "browser",
		"tenant":                    "acme",
		"traffic":                   "test",
		"request-id":                "7",
		"x-forwarded-for":           "203.0.113.9, 127.0.0.1",
		"x-forwarded-host":          strings.TrimPrefix(url, "http://"),
		"x-unknown":                 "",
		"grpcgateway-x-unknown":     "",
	} {
		if got := strings.Join(incoming.Get(key), "|"); got != want {
			t.Errorf("the metadata has %q for %s, want %q", got, key, want)
		}
	}
	if got := response.Header.Get("Grpc-Metadata-Request-Id"); got != "7" {
		t.Errorf("the response has the header Grpc-Metadata-Request-Id %q, want 7", got)
	}
}

func TestTimeoutHeaderSetsTheDeadline(t *testing.T) {
	t.Parallel()
	hasDeadline := false
	create := func(ctx context.Context) error {
		_, hasDeadline = ctx.Deadline()
		return nil
	}
	url := serve(t, withClient, inprocchain.NewChain(), &service{create: create})
	for _, timeout := range []string{"", "1H"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/flags", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if timeout != "" {
			request.Header.Set("Grpc-Timeout", timeout)
		}
		do(t, request)
		if want := timeout != ""; hasDeadline != want {
			t.Errorf("with the Grpc-Timeout %q, the handler has a deadline: %t, want %t", timeout, hasDeadline, want)
		}
	}
}
