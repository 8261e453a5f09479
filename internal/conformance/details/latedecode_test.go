package details_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// A handler that is written by hand may decode its request after the RPC has ended. It then gets
// what it may get on a network, which varies, and never an empty message without an error.
func TestDecodingAfterTheEndIsAsOnANetwork(t *testing.T) {
	t.Parallel()
	for name, cancels := range map[string]bool{"after the handler has returned": false, "after the caller has canceled": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started, decoded := make(chan struct{}, 1), make(chan string, 1)
			register := func(r grpc.ServiceRegistrar) {
				r.RegisterService(&grpc.ServiceDesc{ServiceName: "s", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
					MethodName: "M",
					Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
						go func() {
							<-ctx.Done()
							request := new(wrapperspb.StringValue)
							err := decode(request)
							decoded <- fmt.Sprintf("%q and %v", request.Value, err)
						}()
						started <- struct{}{}
						if cancels {
							<-ctx.Done()
						}
						return new(wrapperspb.StringValue), nil
					},
				}}}, struct{}{})
			}
			network := map[string]bool{}
			for _, c := range connect.All(t, inprocchain.Chain{}, register) {
				outcomes := map[string]bool{}
				for range 50 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					go func() {
						<-started
						if cancels {
							cancel()
						}
					}()
					_ = c.Conn.Invoke(ctx, "/s/M", wrapperspb.String("request"), new(wrapperspb.StringValue))
					cancel()
					select {
					case outcome := <-decoded:
						outcomes[outcome] = true
					case <-time.After(time.Minute):
						t.Fatal("the handler did not decode within a minute")
					}
				}
				if !c.InProcess {
					network = outcomes
					continue
				}
				for outcome := range outcomes {
					if !network[outcome] {
						t.Errorf("%s: decode returns %s, and on a network one of %v", c.Name, outcome, slices.Sorted(maps.Keys(network)))
					}
				}
			}
		})
	}
}
