package inprocchain_test

import (
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// RPCs on the Channel do not read the map of the inprocgrpc.Channel after the first RPC, which
// the race detector would report.
func TestServiceRegisteredOnInProcessDuringRPCsIsServedByItAlone(t *testing.T) {
	t.Parallel()
	var o order
	ch := newChannel(o.chain())
	client := ch.NewClient()
	clients := map[string]grpc.ClientConnInterface{"Channel": ch, "ClientConn": ch.ClientConn(), "NewClient": client}
	if err := calls["unary"](t.Context(), testClient(ch)); err != nil {
		t.Fatal(err)
	}
	var calling sync.WaitGroup
	for name, cc := range clients {
		for kind, call := range calls {
			calling.Go(func() {
				for range 20 {
					if err := call(t.Context(), testClient(cc)); err != nil {
						t.Errorf("%s, %s: %v", name, kind, err)
					}
				}
			})
		}
	}
	textService{}.register(ch.InProcess())
	calling.Wait()
	o.take()
	for kind, call := range textCalls {
		if got, err := call(t.Context(), ch.InProcess(), "hello"); got != "hello" || err != nil {
			t.Errorf("InProcess, %s: got %q, %v", kind, got, err)
		}
		if ran := o.take(); !slices.Equal(ran, serverSide) {
			t.Errorf("InProcess, %s: ran %q, want %q", kind, ran, serverSide)
		}
		for name, cc := range clients {
			if _, err := call(t.Context(), cc, "hello"); status.Code(err) != codes.Unimplemented {
				t.Errorf("%s, %s: got %v, want Unimplemented", name, kind, err)
			}
		}
		o.take()
	}
	if err := ch.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// The services are read once, even if several RPCs come first: when one of them has returned, nobody
// reads the map any more.
func TestServicesAreReadOnceBySeveralFirstRPCs(t *testing.T) {
	t.Parallel()
	for range 100 {
		ch := newChannel()
		start, returned := make(chan struct{}), make(chan struct{}, 8)
		var calling sync.WaitGroup
		for range cap(returned) {
			calling.Go(func() {
				<-start
				if err := calls["unary"](t.Context(), testClient(ch)); err != nil {
					t.Error(err)
				}
				returned <- struct{}{}
			})
		}
		close(start)
		<-returned
		textService{}.register(ch.InProcess())
		calling.Wait()
	}
}
