package reliability_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/testpb"
)

// No input makes an RPC panic or hang, and the result is that of a network.

const hangTimeout = 30 * time.Second

func FuzzMethodName(f *testing.F) {
	for _, name := range []string{
		scriptedUnary, scriptedBidi, "", "/", "//", "bad", "/bad", "test.Service/Unary", "/test.Service/", "/test.Service/None",
		"/test.Service//Unary", "/test.Service/Unary/", "/a/b/c", "/ /\x00", "/é/%2F", "/\xff/x", "/test.Service/Unary?x", "/*/*",
	} {
		f.Add(name)
	}
	network, ch := scripted{}.onNetwork(f), scripted{}.onChannel()
	f.Fuzz(func(t *testing.T, name string) {
		for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface, string) error{
			"unary": func(ctx context.Context, cc grpc.ClientConnInterface, name string) error {
				return cc.Invoke(ctx, name, new(wrapperspb.BytesValue), new(wrapperspb.BytesValue))
			},
			"stream": func(ctx context.Context, cc grpc.ClientConnInterface, name string) error {
				return streamCall(name, *bidi)(ctx, cc, unchanged)
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), hangTimeout)
			defer cancel()
			if servesOtherKind(kind, name) {
				continue // A network does not distinguish the kinds.
			}
			want, got := call(ctx, network, name), call(ctx, ch, name)
			if status.Code(want) == codes.Internal && status.Code(got) == codes.Unimplemented {
				continue // HTTP/2 cannot transmit the name.
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s %q in-process: %q, on the network: %q", kind, name, fmt.Sprint(got), fmt.Sprint(want))
			}
			if ctx.Err() != nil {
				t.Fatalf("%s %q hangs", kind, name)
			}
		}
	})
}

func servesOtherKind(kind, name string) bool {
	switch name {
	case scriptedUnary:
		return kind != "unary"
	case scriptedBidi, scriptedClientStream, scriptedServerStream:
		return kind != "stream"
	}
	return false
}

func FuzzMetadata(f *testing.F) {
	for _, pair := range [][2]string{
		{"key", "value"}, {"key", ""}, {"", ""}, {"Key", "value"}, {"key-bin", "\x00\xff"}, {"bad key", "v"}, {"key", "\n"}, {"key", "é"},
		{"grpc-timeout", "1S"}, {"grpc-status", "0"}, {"grpc-x", "v"}, {":authority", "v"}, {":x", "v"}, {"content-type", "v"}, {"user-agent", "v"}, {"te", "v"},
		{"host", "h"}, {"key", " v "}, {"key-bin", "a,b"}, {"grpc-status-details-bin", "\x08\x01"}, {"grpc-tags-bin", "v"},
		{"content-length", "1"}, {"transfer-encoding", "v"}, {"upgrade", "v"}, {"keep-alive", "v"}, {"cookie", "a; b"}, {"expect", "v"},
		{"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "gzip"}, {"grpc-message", "v"}, {"grpc-message-type", "v"}, {"grpc-trace-bin", "v"},
		{"grpc-previous-rpc-attempts", "1"}, {"grpc-retry-pushback-ms", "1"}, {"x-", ""}, {"-bin", ""}, {"a-bin", ""}, {".", "v"}, {"_", "v"},
	} {
		f.Add(pair[0], pair[1])
	}
	service := scripted{unary: func(ctx context.Context, _ any) (any, error) {
		in, _ := metadata.FromIncomingContext(ctx)
		err := errors.Join(grpc.SetHeader(ctx, in), grpc.SetTrailer(ctx, in))
		return wrapperspb.Bytes(fmt.Appendf(nil, "%q %v", onlyUsers(in), err)), nil
	}}
	network, ch := service.onNetwork(f), service.onChannel()
	f.Fuzz(func(t *testing.T, key, value string) {
		if len(key)+len(value) > 1<<10 {
			return // A network has limits.
		}
		if strings.ToLower(key) != key {
			return // docs/differences.md lists keys in upper case.
		}
		if key == "connection" {
			return // HTTP/2 forbids the key.
		}
		exchange := func(cc grpc.ClientConnInterface) string {
			ctx, cancel := context.WithTimeout(t.Context(), hangTimeout)
			defer cancel()
			ctx = metadata.NewOutgoingContext(ctx, metadata.MD{"two": {"a", "b"}, key: {value}})
			var header, trailer metadata.MD
			reply := new(wrapperspb.BytesValue)
			err := cc.Invoke(ctx, scriptedUnary, new(wrapperspb.BytesValue), reply, grpc.Header(&header), grpc.Trailer(&trailer))
			if ctx.Err() != nil {
				t.Fatalf("%q: %q hangs", key, value)
			}
			if err != nil {
				reply.Reset() // Its content is unspecified after an error.
			}
			return fmt.Sprintf("%q, header %q, trailer %q, %v", reply.Value, onlyUsers(header), onlyUsers(trailer), err)
		}
		if want, got := exchange(network), exchange(ch); got != want {
			t.Errorf("%q: %q\nin-process: %s\non the network: %s", key, value, got, want)
		}
	})
}

// onlyUsers removes the keys that HTTP/2 adds.
func onlyUsers(md metadata.MD) map[string][]string {
	md = md.Copy()
	for _, key := range []string{"content-type", "user-agent", ":authority", "grpc-accept-encoding"} {
		delete(md, key)
	}
	return md
}

func FuzzCodecCloner(f *testing.F) {
	for _, text := range openKinds {
		f.Add(wireOf(f, (*testpb.Open)(nil).ProtoReflect().Type(), text))
	}
	f.Add([]byte{})
	f.Add([]byte("\xff\xff"))
	f.Add(protowire.AppendTag(nil, 12, protowire.StartGroupType))
	codec := inprocgrpc.CodecClonerV2(encoding.GetCodecV2("proto"))
	service := scripted{request: func() any { return new(testpb.Open) }}
	channels := map[string]*inprocchain.Channel{
		"without a cloner": service.onChannel(), "with a codec cloner": service.onChannel(inprocchain.WithCloner(codec)),
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		sent := new(testpb.Open)
		if proto.Unmarshal(wire, sent) != nil {
			sent = &testpb.Open{Data: wire}
		}
		for name, ch := range channels {
			ctx, cancel := context.WithTimeout(t.Context(), hangTimeout)
			defer cancel()
			got := new(testpb.Open)
			if err := ch.Invoke(ctx, scriptedUnary, sent, got); err != nil {
				t.Errorf("%s: %x: %v", name, wire, err)
			} else if !proto.Equal(got, sent) {
				t.Errorf("%s: %x came back as %v", name, wire, got)
			}
		}
	})
}
