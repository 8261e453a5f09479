package inprocchain_test

import (
	"testing"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/inprocchain/inprocchain"
)

func TestEmbeddedCallOptionsTakeEffect(t *testing.T) {
	t.Parallel()
	ch := inprocchain.New()
	healthpb.RegisterHealthServer(ch, healthpb.UnimplementedHealthServer{})
	for name, option := range map[string]func(*metadata.MD) grpc.CallOption{
		"pointer":  func(md *metadata.MD) grpc.CallOption { return &grpc.TrailerCallOption{TrailerAddr: md} },
		"embedded": func(md *metadata.MD) grpc.CallOption { return embedded{grpc.TrailerCallOption{TrailerAddr: md}} },
		"embedded twice": func(md *metadata.MD) grpc.CallOption {
			return embeddedTwice{embedded{grpc.TrailerCallOption{TrailerAddr: md}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var trailer metadata.MD
			_, _ = healthpb.NewHealthClient(ch).Check(t.Context(), &healthpb.HealthCheckRequest{}, option(&trailer))
			if len(trailer["content-type"]) != 1 {
				t.Errorf("the trailer is %v, want that of the response", trailer)
			}
		})
	}
}

// The options belong to the caller, who may use them again.
func TestCallOptionsOfTheCallerStayAsTheyAre(t *testing.T) {
	t.Parallel()
	var trailer metadata.MD
	given := embedded{grpc.TrailerCallOption{TrailerAddr: &trailer}}
	opts := []grpc.CallOption{given}
	for kind, call := range textCalls {
		if _, err := call(t.Context(), textService{}.onChannel(), "text", opts...); err != nil {
			t.Fatal(err)
		}
		if opts[0] != given {
			t.Errorf("%s: the option is %T afterwards", kind, opts[0])
		}
	}
}

// embedded and embeddedTwice are call options of an application that embed one of grpc-go.
type embedded struct{ grpc.TrailerCallOption }

type embeddedTwice struct{ embedded }
