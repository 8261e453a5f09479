package assumptions

import (
	"reflect"
	"slices"
	"testing"

	"google.golang.org/grpc"
)

// A handler gets a grpc.ServerTransportStream of the library, which has every method that
// grpc-go declares.
func TestMethodsOfServerTransportStream(t *testing.T) {
	t.Parallel()
	want := []string{
		"Method func() string",
		"SendHeader func(metadata.MD) error",
		"SetHeader func(metadata.MD) error",
		"SetTrailer func(metadata.MD) error",
	}
	var got []string
	stream := reflect.TypeFor[grpc.ServerTransportStream]()
	for i := range stream.NumMethod() {
		method := stream.Method(i)
		got = append(got, method.Name+" "+method.Type.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("grpc.ServerTransportStream has the methods\n%q, want\n%q\n"+
			"Implement what is new on the transport stream in internal/rpc, as the server of grpc-go does. "+
			"Compare it with a network in internal/conformance/scenarios, and then change the list in this test.", got, want)
	}
}
