// Command gen generates the protobuf and gRPC code of the examples:
//
//	go run -C examples/internal/gen .
//
// It compiles the protos itself and runs the plugins that go.mod pins, so that it
// needs only Go and writes the same files everywhere.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// root is the directory to which imports and output files are relative.
const root = "../../flags"

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	ctx := context.Background()
	const source = "flagspb/flags.proto"
	files, err := compile(ctx, source)
	if err != nil {
		log.Fatal(err)
	}
	for _, plugin := range []struct{ name, parameter string }{
		{"protoc-gen-go", "paths=source_relative"},
		{"protoc-gen-go-grpc", "paths=source_relative"},
		{"protoc-gen-grpc-gateway", "paths=source_relative,grpc_api_configuration=" + root + "/flagspb/flags.yaml"},
	} {
		if err := generate(ctx, plugin.name, &pluginpb.CodeGeneratorRequest{
			FileToGenerate: []string{source},
			Parameter:      &plugin.parameter,
			ProtoFile:      files,
		}); err != nil {
			log.Fatal(err)
		}
	}
}

// compile returns the descriptors of everything that source imports, and of source.
func compile(ctx context.Context, source string) ([]*descriptorpb.FileDescriptorProto, error) {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{root}}),
		SourceInfoMode: protocompile.SourceInfoStandard, // comments go into the code
	}
	compiled, err := compiler.Compile(ctx, source)
	if err != nil {
		return nil, err
	}
	var files []*descriptorpb.FileDescriptorProto
	seen := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		files = append(files, protodesc.ToFileDescriptorProto(file))
	}
	add(compiled[0])
	return files, nil
}

// generate runs a plugin and writes the files that it returns.
func generate(ctx context.Context, plugin string, request *pluginpb.CodeGeneratorRequest) error {
	response, err := run(ctx, plugin, request)
	if err != nil {
		return fmt.Errorf("%s: %w", plugin, err)
	}
	for _, file := range response.File {
		name := filepath.Join(root, filepath.FromSlash(file.GetName()))
		if err := os.WriteFile(name, []byte(file.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// run sends the request to a plugin, as protoc does.
func run(ctx context.Context, plugin string, request *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	input, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "tool", plugin)
	cmd.Stdin = bytes.NewReader(input)
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	response := new(pluginpb.CodeGeneratorResponse)
	if err := proto.Unmarshal(output, response); err != nil {
		return nil, err
	}
	if response.Error != nil {
		return nil, errors.New(response.GetError())
	}
	return response, nil
}
