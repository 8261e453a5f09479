package assumptions

import (
	"context"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
)

const findAnotherWay = "internal/rpc finds the key in the same way when the program starts. " +
	"Read how %[1]s looks for its value now, and let the handler's context in internal/rpc answer that."

// grpc.ServerTransportStreamFromContext looks for one key, and takes the stream that it finds.
func TestKeyOfServerTransportStream(t *testing.T) {
	t.Parallel()
	const function = "grpc.ServerTransportStreamFromContext"
	recorder := &keyRecorder{Context: t.Context()}
	grpc.ServerTransportStreamFromContext(recorder)
	if len(recorder.keys) != 1 {
		t.Fatalf("%[1]s looks for the keys %[2]v, want one. "+findAnotherWay, function, recorder.keys)
	}
	stream := &transportStream{}
	ctx := context.WithValue(t.Context(), recorder.keys[0], stream)
	if got := grpc.ServerTransportStreamFromContext(ctx); got != stream {
		t.Errorf("%[1]s returns %[2]v for a context with a stream at its key. "+findAnotherWay, function, got)
	}
}

// inprocgrpc.ClientContext looks for one key, and takes the context that it finds.
func TestKeyOfClientContext(t *testing.T) {
	t.Parallel()
	const function = "inprocgrpc.ClientContext"
	recorder := &keyRecorder{Context: t.Context()}
	inprocgrpc.ClientContext(recorder)
	if len(recorder.keys) != 1 {
		t.Fatalf("%[1]s looks for the keys %[2]v, want one. "+findAnotherWay, function, recorder.keys)
	}
	client, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx := context.WithValue(t.Context(), recorder.keys[0], client)
	if got := inprocgrpc.ClientContext(ctx); got != client {
		t.Errorf("%[1]s returns %[2]v for a context with a client's context at its key. "+findAnotherWay, function, got)
	}
}

// A keyRecorder has no values, and remembers the keys that it was asked for.
type keyRecorder struct {
	context.Context
	keys []any
}

func (r *keyRecorder) Value(key any) any {
	r.keys = append(r.keys, key)
	return nil
}

// A transportStream has all methods of the interface, whatever they are.
type transportStream struct{ grpc.ServerTransportStream }
