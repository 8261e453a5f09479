package details_test

import (
	"bytes"
	"context"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/internal/conformance/connect"
)

// The labels that a profiler shows for a handler's goroutine are not those of its caller, which
// on a network is in another process. The test is not parallel, since it looks at all goroutines.
func TestHandlersHaveNoProfilerLabelsOfTheirCallers(t *testing.T) {
	for kind, call := range map[string]func(context.Context, grpc.ClientConnInterface) error{"unary": callUnary, "stream": callStream} {
		t.Run(kind, func(t *testing.T) {
			labeled := false // the handler's goroutine
			serve := service{
				unary: func(_ context.Context, req any) (any, error) {
					labeled = hasLabel(t)
					return req, nil
				},
				stream: func(grpc.ServerStream) error {
					labeled = hasLabel(t)
					return nil
				},
			}
			for _, c := range connect.All(t, inprocchain.Chain{}, serve.register) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				pprof.Do(ctx, pprof.Labels("caller", "labeled"), func(ctx context.Context) {
					if err := call(ctx, c.Conn); err != nil {
						t.Error(err)
					}
				})
				if labeled {
					t.Errorf("%s: the handler's goroutine has the label of the caller", c.Name)
				}
			}
		})
	}
}

// hasLabel reports whether the goroutine that calls it has the label. A goroutine profile has a
// block of lines for the goroutines with the same stack and labels.
func hasLabel(t *testing.T) bool {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Error(err)
	}
	for block := range strings.SplitSeq(profile.String(), "\n\n") {
		if strings.Contains(block, "details_test.hasLabel") {
			return strings.Contains(block, `"caller":"labeled"`)
		}
	}
	t.Errorf("the profile does not contain this goroutine:\n%s", &profile)
	return false
}
