package assumptions

import (
	"reflect"
	"slices"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
)

// The library finds the services of an inprocgrpc.Channel in its field handlers, and sees in
// the other fields whether somebody has replaced a part of the chain.
func TestFieldsOfInprocgrpcChannel(t *testing.T) {
	t.Parallel()
	want := []string{
		"handlers grpchan.HandlerMap",
		"unaryInterceptor grpc.UnaryServerInterceptor",
		"streamInterceptor grpc.StreamServerInterceptor",
		"cloner inprocgrpc.Cloner",
		"clientStatsHandler *inprocgrpc.statsHandlerHelper",
		"serverStatsHandler *inprocgrpc.statsHandlerHelper",
	}
	var got []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[inprocgrpc.Channel]()) {
		got = append(got, field.Name+" "+field.Type.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("inprocgrpc.Channel has the fields\n%q, want\n%q\n"+
			"If handlers has changed, change HandlersOf in internal/rpc, which is the only use of package unsafe. "+
			"If another field has changed, change Hooks in internal/rpc: a field that a With… method sets must be there, "+
			"or an application can lose its chain without noticing. Then change the list in this test.", got, want)
	}
}
