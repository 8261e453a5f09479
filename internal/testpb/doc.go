// Package testpb has messages with a field of every kind, for tests. protoc-gen-go
// v1.36.12 has generated them:
//
//	protoc -I internal -I $(go list -m -f '{{.Dir}}' google.golang.org/protobuf)/src \
//		--go_out=internal --go_opt=paths=source_relative \
//		testpb/open.proto testpb/opaque.proto
package testpb
