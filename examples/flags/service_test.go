package main

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain"
	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

func TestServiceListsFlagsByKey(t *testing.T) {
	t.Parallel()
	client, _ := newClient()
	for _, key := range []string{"b", "c", "a"} {
		if _, err := client.Create(t.Context(), &pb.CreateRequest{Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	response, err := client.List(t.Context(), new(pb.ListRequest))
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, flag := range response.GetFlags() {
		got += flag.GetKey()
	}
	if got != "abc" {
		t.Errorf("the keys are %s, want abc", got)
	}
}

func TestServiceRejectsInvalidRequests(t *testing.T) {
	t.Parallel()
	client, _ := newClient()
	if _, err := client.Create(t.Context(), new(pb.CreateRequest)); status.Code(err) != codes.InvalidArgument {
		t.Errorf("create without a key: %v", err)
	}
	if _, err := client.Delete(t.Context(), &pb.DeleteRequest{Key: key}); status.Code(err) != codes.NotFound {
		t.Errorf("delete of a missing flag: %v", err)
	}
	watch, err := client.Watch(t.Context(), &pb.WatchRequest{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := watch.Recv(); status.Code(err) != codes.NotFound {
		t.Errorf("watch of a missing flag: %v", err)
	}
}

func TestWatchEndsWhenTheCallerCancelsOrTheServiceCloses(t *testing.T) {
	t.Parallel()
	client, s := newClient()
	if _, err := create(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	for _, test := range []struct {
		ctx  context.Context
		end  func()
		want codes.Code
	}{
		{canceled, cancel, codes.Canceled},
		{t.Context(), s.close, codes.Unavailable},
	} {
		watch, err := client.Watch(test.ctx, &pb.WatchRequest{Key: key})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := watch.Recv(); err != nil {
			t.Fatal(err)
		}
		test.end()
		if _, err := watch.Recv(); status.Code(err) != test.want {
			t.Errorf("a watch ended with %v, want %s", err, test.want)
		}
	}
}

func newClient() (pb.FlagsClient, *service) {
	channel, s := inprocchain.New(), newService()
	pb.RegisterFlagsServer(channel, s)
	return pb.NewFlagsClient(channel), s
}
