package suites_test

import (
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/interop"
	interoppb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

func TestReflectionDescribesTheChannel(t *testing.T) {
	t.Parallel()
	register := func(s grpc.ServiceRegistrar) {
		interoppb.RegisterTestServiceServer(s, interop.NewTestServer())
		reflection.Register(s.(reflection.GRPCServer)) // A Channel has GetServiceInfo, as a server has.
	}
	onEach(t, register, func(t *testing.T, cc grpc.ClientConnInterface) {
		t.Parallel()
		stream, err := reflectionpb.NewServerReflectionClient(cc).ServerReflectionInfo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ask := func(req *reflectionpb.ServerReflectionRequest) *reflectionpb.ServerReflectionResponse {
			t.Helper()
			if err := stream.Send(req); err != nil {
				t.Fatal(err)
			}
			resp, err := stream.Recv()
			if err != nil {
				t.Fatal(err)
			}
			return resp
		}
		checkServices(t, ask(&reflectionpb.ServerReflectionRequest{
			MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{},
		}))
		checkFile(t, ask(fileContaining("grpc.testing.TestService")))
		resp := ask(fileContaining(healthpb.Health_ServiceDesc.ServiceName + "NotThere"))
		if got := codes.Code(resp.GetErrorResponse().GetErrorCode()); got != codes.NotFound {
			t.Errorf("an unknown symbol: got %v, want %v", got, codes.NotFound)
		}
	})
}

func fileContaining(symbol string) *reflectionpb.ServerReflectionRequest {
	return &reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: symbol},
	}
}

func checkServices(t *testing.T, resp *reflectionpb.ServerReflectionResponse) {
	t.Helper()
	var got []string
	for _, service := range resp.GetListServicesResponse().GetService() {
		got = append(got, service.GetName())
	}
	want := []string{
		"grpc.reflection.v1.ServerReflection",
		"grpc.reflection.v1alpha.ServerReflection",
		"grpc.testing.TestService",
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("services: got %q, want %q", got, want)
	}
}

func checkFile(t *testing.T, resp *reflectionpb.ServerReflectionResponse) {
	t.Helper()
	var names []string
	for _, encoded := range resp.GetFileDescriptorResponse().GetFileDescriptorProto() {
		var file descriptorpb.FileDescriptorProto
		if err := proto.Unmarshal(encoded, &file); err != nil {
			t.Fatal(err)
		}
		names = append(names, file.GetName())
	}
	if want := interoppb.File_grpc_testing_test_proto.Path(); !slices.Contains(names, want) {
		t.Errorf("files: got %q, want %q to be one of them", names, want)
	}
}
