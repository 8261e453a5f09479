package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"go.opentelemetry.io/otel/propagation"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// restClient is a [pb.FlagsClient] that sends REST requests. It ignores call
// options.
type restClient struct {
	base       string // such as http://localhost:8080
	http       *http.Client
	propagator propagation.TextMapPropagator
}

// Create sends a POST.
func (r restClient) Create(ctx context.Context, req *pb.CreateRequest, _ ...grpc.CallOption) (*pb.Flag, error) {
	return do(ctx, r, http.MethodPost, "/v1/flags", req, new(pb.Flag))
}

// Get sends a GET for one flag.
func (r restClient) Get(ctx context.Context, req *pb.GetRequest, _ ...grpc.CallOption) (*pb.Flag, error) {
	return do(ctx, r, http.MethodGet, flagPath(req.GetKey()), nil, new(pb.Flag))
}

// List sends a GET for all flags.
func (r restClient) List(ctx context.Context, _ *pb.ListRequest, _ ...grpc.CallOption) (*pb.ListResponse, error) {
	return do(ctx, r, http.MethodGet, "/v1/flags", nil, new(pb.ListResponse))
}

// Delete sends a DELETE.
func (r restClient) Delete(ctx context.Context, req *pb.DeleteRequest, _ ...grpc.CallOption) (*emptypb.Empty, error) {
	return do(ctx, r, http.MethodDelete, flagPath(req.GetKey()), nil, new(emptypb.Empty))
}

// Watch sends a GET whose response body is a line of JSON for each message. Only
// Recv may be called on the stream.
func (r restClient) Watch(ctx context.Context, req *pb.WatchRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[pb.WatchResponse], error) {
	response, err := r.send(ctx, http.MethodGet, flagPath(req.GetKey())+":watch", nil)
	if err != nil {
		return nil, err
	}
	return &restWatch{body: response.Body, lines: json.NewDecoder(response.Body)}, nil
}

type restWatch struct {
	grpc.ClientStream // nil
	body              io.ReadCloser
	lines             *json.Decoder
}

// Recv returns the message of the next line, and io.EOF after the last.
func (w *restWatch) Recv() (*pb.WatchResponse, error) {
	var line struct{ Result, Error json.RawMessage }
	if err := w.lines.Decode(&line); err != nil {
		w.body.Close()
		return nil, err // io.EOF at the end
	}
	if line.Error != nil {
		w.body.Close()
		return nil, statusFromJSON(line.Error)
	}
	response := new(pb.WatchResponse)
	return response, protojson.Unmarshal(line.Result, response)
}

func flagPath(key string) string { return "/v1/flags/" + url.PathEscape(key) }

// do sends a request and decodes the response body into out.
func do[M proto.Message](ctx context.Context, r restClient, method, path string, in proto.Message, out M) (M, error) {
	var none M
	response, err := r.send(ctx, method, path, in)
	if err != nil {
		return none, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return none, err
	}
	return out, protojson.Unmarshal(body, out)
}

// send returns a response with the status 200. The caller closes its body.
func (r restClient) send(ctx context.Context, method, path string, in proto.Message) (*http.Response, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = protojson.Marshal(in); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	for _, credential := range outgoing.Get("authorization") {
		request.Header.Add("Authorization", credential)
	}
	r.propagator.Inject(ctx, propagation.HeaderCarrier(request.Header))
	response, err := r.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	problem, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", response.Status, err)
	}
	return nil, statusFromJSON(problem)
}

// statusFromJSON returns the error that the gateway has encoded as JSON.
func statusFromJSON(encoded []byte) error {
	var inStream struct{ Error json.RawMessage }
	if err := json.Unmarshal(encoded, &inStream); err == nil && inStream.Error != nil {
		encoded = inStream.Error
	}
	decoded := new(spb.Status)
	if err := protojson.Unmarshal(encoded, decoded); err != nil {
		return fmt.Errorf("the response body is not an error of the gateway: %q", encoded)
	}
	return status.ErrorProto(decoded)
}
