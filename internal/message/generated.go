package message

import (
	"reflect"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/runtime/protoimpl"
)

// A generatedType is what is known of a message type that protoc-gen-go has generated.
type generatedType struct {
	isExact bool     // see isExact
	sharing *sharing // nil if messages of the type are not shared
}

// generatedTypes has the *generatedType of each reflect.Type that was asked for.
var generatedTypes sync.Map

// generatedTypeOf returns the type of m, or nil if m is nil or protoc-gen-go has not generated
// its type.
func generatedTypeOf(m any) *generatedType {
	if IsNil(m) {
		return nil
	}
	if known, ok := generatedTypes.Load(reflect.TypeOf(m)); ok {
		return known.(*generatedType)
	}
	info := infoOf(m)
	if info == nil || info.GoReflectType != reflect.TypeOf(m) {
		return nil
	}
	t := &generatedType{isExact: isExactType(info.Desc, map[protoreflect.FullName]bool{}), sharing: newSharing(info.GoReflectType.Elem())}
	generatedTypes.Store(reflect.TypeOf(m), t)
	return t
}

// infoOf returns what package protoimpl knows of the message type of m, which is not nil. It is
// nil for messages that are not protobuf, and for those of dynamicpb, where messages of one Go
// type may have different fields.
func infoOf(m any) *protoimpl.MessageInfo {
	msg, ok := m.(proto.Message)
	if !ok {
		return nil
	}
	info, _ := msg.ProtoReflect().Type().(*protoimpl.MessageInfo)
	return info
}
