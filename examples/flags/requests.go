package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// A request is one of a session's, whichever way it is made.
type request struct {
	name      string
	anonymous bool // made without the token
	make      func(context.Context, pb.FlagsClient) (result string, _ error)
}

// requests leave the flags as they were, so that they can be made again.
var requests = []request{
	{name: "create without token", anonymous: true, make: create},
	{name: "create", make: create},
	{name: "create again", make: create},
	{name: "get", make: get},
	{name: "list", make: list},
	{name: "watch and delete", make: watchAndDelete},
	{name: "get once more", make: get},
}

const key = "dark-mode"

func create(ctx context.Context, client pb.FlagsClient) (string, error) {
	flag, err := client.Create(ctx, &pb.CreateRequest{Key: key, Description: "white on black", Enabled: true})
	return show(flag), err
}

func get(ctx context.Context, client pb.FlagsClient) (string, error) {
	flag, err := client.Get(ctx, &pb.GetRequest{Key: key})
	return show(flag), err
}

func list(ctx context.Context, client pb.FlagsClient) (string, error) {
	response, err := client.List(ctx, new(pb.ListRequest))
	var shown []string
	for _, flag := range response.GetFlags() {
		shown = append(shown, show(flag))
	}
	return strings.Join(shown, ", "), err
}

// watchAndDelete deletes the flag that it watches, which ends the watch.
func watchAndDelete(ctx context.Context, client pb.FlagsClient) (string, error) {
	watch, err := client.Watch(ctx, &pb.WatchRequest{Key: key})
	if err != nil {
		return "", err
	}
	var shown []string
	for {
		response, err := watch.Recv()
		if err == io.EOF {
			return strings.Join(shown, ", then "), nil
		}
		if err != nil {
			return "", err
		}
		shown = append(shown, strings.ToLower(strings.TrimPrefix(response.GetChange().String(), "CHANGE_")))
		if response.GetChange() != pb.WatchResponse_CHANGE_PRESENT {
			continue
		}
		if _, err := client.Delete(ctx, &pb.DeleteRequest{Key: key}); err != nil {
			return "", err
		}
	}
}

func show(flag *pb.Flag) string {
	state := "off"
	if flag.GetEnabled() {
		state = "on"
	}
	return fmt.Sprintf("%s (%s) is %s", flag.GetKey(), flag.GetDescription(), state)
}
