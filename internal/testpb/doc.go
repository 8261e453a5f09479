// Package testpb has messages with a field of every kind, for tests. They are
// made by protoc-gen-go v1.36.12:
//
//	protoc -I internal -I $(go list -m -f '{{.Dir}}' google.golang.org/protobuf)/src \
//		--go_out=internal --go_opt=paths=source_relative \
//		testpb/open.proto testpb/opaque.proto
package testpb
