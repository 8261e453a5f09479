package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestServesRESTUntilItIsInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	rest := freeAddress(t)
	served := make(chan error, 1)
	go func() { served <- serve(ctx, freeAddress(t), rest) }()

	for { // until it serves
		conn, err := net.Dial("tcp", rest)
		if err == nil {
			_ = conn.Close()
			break
		}
		select {
		case err := <-served:
			t.Fatal(err)
		default:
		}
	}
	response, err := http.Get("http://" + rest + "/v1/flags/dark-mode")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(string(body), "dark-mode") {
		t.Errorf("got %s, %s, %v", response.Status, body, err)
	}

	// This stream does not end by itself.
	stream, err := http.Get("http://" + rest + "/v1/flags/dark-mode:watch")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Body.Close() }()
	lines := bufio.NewReader(stream.Body)
	if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, "dark-mode") {
		t.Errorf("the stream begins with %q, %v", line, err)
	}
	interrupt()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if last, err := io.ReadAll(lines); err != nil || !strings.Contains(string(last), `"error":{"code":1,`) {
		t.Errorf("the stream ends with %q, %v, want the error Canceled", last, err)
	}
}

// freeAddress returns an address on which nobody listens.
func freeAddress(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}
