package telemetry_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/status"

	"github.com/inprocchain/inprocchain/chaintest"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

func TestEveryRPCHasTwoSpansOnEveryPath(t *testing.T) {
	t.Parallel()
	observer, service := newObserver(), newService()
	for _, conn := range connect.All(t, observer.chain(), service.register) {
		t.Run(conn.Name, func(t *testing.T) {
			chaintest.Traced(t, observer.spans, func(ctx context.Context) error {
				for _, scenario := range scenarios {
					if scenario.unserved {
						continue
					}
					if err := scenario.call(ctx, service.client(conn.Conn)); status.Code(err) != scenario.code {
						t.Errorf("%s: got %v, want %v", scenario.name, err, scenario.code)
					}
				}
				return nil
			})
		})
	}
}
