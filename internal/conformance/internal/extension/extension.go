// Package extension registers an extension for tests.
//
//lint:file-ignore SA1019 Only the deprecated fields make an extension whose Go type is that of generated code.
package extension

import (
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/runtime/protoimpl"

	"github.com/inprocchain/inprocchain/internal/testpb"
)

// Children is a repeated extension of testpb.Open with messages. It is registered like one
// of generated code, so that a codec decodes it.
var Children = func() protoreflect.ExtensionType {
	xt := &protoimpl.ExtensionInfo{
		ExtendedType:  (*testpb.Open)(nil),
		ExtensionType: ([]*testpb.Open)(nil),
		Field:         150,
		Name:          "inprocchain.test.extra_children",
		Tag:           "bytes,150,rep,name=extra_children",
	}
	if err := protoregistry.GlobalTypes.RegisterExtension(xt); err != nil {
		panic(err)
	}
	return xt
}()
