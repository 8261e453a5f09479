package chaintest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/inprocchain/inprocchain"
	"github.com/inprocchain/inprocchain/chaintest"
)

func TestTimesAreEqualInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chaintest.Compare(t, inprocchain.Chain{}, registerClock, now)
	})
}

func TestDurationsAreEqualInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chaintest.Compare(t, inprocchain.Chain{}, registerClock, waitOneHour)
	})
}

func TestTimesAndDurationsOfConnsAreEqualInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(inprocchain.Chain{}, inprocchain.Chain{}, registerClock)
		defer app.stop()
		chaintest.CompareConns(t, app.conn, app.channel, now)
		chaintest.CompareConns(t, app.conn, app.channel, waitOneHour)
	})
}

func waitOneHour(ctx context.Context, cc grpc.ClientConnInterface) error {
	elapsed := new(durationpb.Duration)
	if err := cc.Invoke(ctx, "/Clock/WaitOneHour", wrapperspb.String(""), elapsed); err != nil {
		return err
	}
	if elapsed.AsDuration() != time.Hour {
		return fmt.Errorf("waited %v, want an hour", elapsed.AsDuration())
	}
	return nil
}
