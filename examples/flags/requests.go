package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// A request is sent over every transport.
type request struct {
	name    string
	noToken bool // send it without the bearer token
	send    func(context.Context, pb.FlagsClient) (result string, _ error)
}

// requests delete the flag that they create, so that they can be sent again.
var requests = []request{
	{name: "create without token", noToken: true, send: create},
	{name: "create", send: create},
	{name: "create again", send: create},
	{name: "get", send: get},
	{name: "list", send: list},
	{name: "watch and delete", send: watchAndDelete},
	{name: "get once more", send: get},
}

const key = "dark-mode"

func create(ctx context.Context, client pb.FlagsClient) (string, error) {
	flag, err := client.Create(ctx, &pb.CreateRequest{Key: key, Description: "white on black", Enabled: true})
	return format(flag), err
}

func get(ctx context.Context, client pb.FlagsClient) (string, error) {
	flag, err := client.Get(ctx, &pb.GetRequest{Key: key})
	return format(flag), err
}

func list(ctx context.Context, client pb.FlagsClient) (string, error) {
	response, err := client.List(ctx, new(pb.ListRequest))
	var flags []string
	for _, flag := range response.GetFlags() {
		flags = append(flags, format(flag))
	}
	return strings.Join(flags, ", "), err
}

// watchAndDelete deletes the flag that it watches, which ends the watch.
func watchAndDelete(ctx context.Context, client pb.FlagsClient) (string, error) {
	watch, err := client.Watch(ctx, &pb.WatchRequest{Key: key})
	if err != nil {
		return "", err
	}
	var changes []string
	for {
		response, err := watch.Recv()
		if err == io.EOF {
			return strings.Join(changes, ", then "), nil
		}
		if err != nil {
			return "", err
		}
		changes = append(changes, strings.ToLower(strings.TrimPrefix(response.GetChange().String(), "CHANGE_")))
		if response.GetChange() != pb.WatchResponse_CHANGE_PRESENT {
			continue
		}
		if _, err := client.Delete(ctx, &pb.DeleteRequest{Key: key}); err != nil {
			return "", err
		}
	}
}

func format(flag *pb.Flag) string {
	state := "off"
	if flag.GetEnabled() {
		state = "on"
	}
	return fmt.Sprintf("%s (%s) is %s", flag.GetKey(), flag.GetDescription(), state)
}
