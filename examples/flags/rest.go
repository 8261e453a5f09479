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

// rest is a [pb.FlagsClient] over HTTP, so that a session is the same each way.
// It ignores call options.
type rest struct {
	base       string // such as http://localhost:8080
	client     *http.Client
	propagator propagation.TextMapPropagator
}

// Create is a POST.
func (r rest) Create(ctx context.Context, req *pb.CreateRequest, _ ...grpc.CallOption) (*pb.Flag, error) {
	return answer(ctx, r, http.MethodPost, "/v1/flags", req, new(pb.Flag))
}

// Get is a GET of a flag.
func (r rest) Get(ctx context.Context, req *pb.GetRequest, _ ...grpc.CallOption) (*pb.Flag, error) {
	return answer(ctx, r, http.MethodGet, flagPath(req.GetKey()), nil, new(pb.Flag))
}

// List is a GET of all flags.
func (r rest) List(ctx context.Context, _ *pb.ListRequest, _ ...grpc.CallOption) (*pb.ListResponse, error) {
	return answer(ctx, r, http.MethodGet, "/v1/flags", nil, new(pb.ListResponse))
}

// Delete is a DELETE.
func (r rest) Delete(ctx context.Context, req *pb.DeleteRequest, _ ...grpc.CallOption) (*emptypb.Empty, error) {
	return answer(ctx, r, http.MethodDelete, flagPath(req.GetKey()), nil, new(emptypb.Empty))
}

// Watch is a GET whose answer is a line of JSON for each message. Only the
// stream's Recv may be called.
func (r rest) Watch(ctx context.Context, req *pb.WatchRequest, _ ...grpc.CallOption) (grpc.ServerStreamingClient[pb.WatchResponse], error) {
	response, err := r.do(ctx, http.MethodGet, flagPath(req.GetKey())+":watch", nil)
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
		return nil, err // io.EOF at its end
	}
	if line.Error != nil {
		w.body.Close()
		return nil, statusOf(line.Error)
	}
	response := new(pb.WatchResponse)
	return response, protojson.Unmarshal(line.Result, response)
}

func flagPath(key string) string { return "/v1/flags/" + url.PathEscape(key) }

// answer makes a request whose response is out.
func answer[M proto.Message](ctx context.Context, r rest, method, path string, in proto.Message, out M) (M, error) {
	var none M
	response, err := r.do(ctx, method, path, in)
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

// do returns a response of success, whose body the caller closes.
func (r rest) do(ctx context.Context, method, path string, in proto.Message) (*http.Response, error) {
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
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	refusal, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", response.Status, err)
	}
	return nil, statusOf(refusal)
}

// statusOf returns the error that the gateway has written as JSON.
func statusOf(written []byte) error {
	var ofStream struct{ Error json.RawMessage }
	if err := json.Unmarshal(written, &ofStream); err == nil && ofStream.Error != nil {
		written = ofStream.Error
	}
	said := new(spb.Status)
	if err := protojson.Unmarshal(written, said); err != nil {
		return fmt.Errorf("the answer is no error of the gateway's: %q", written)
	}
	return status.ErrorProto(said)
}
