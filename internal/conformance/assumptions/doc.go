// Package assumptions contains only tests. Each names something that the library assumes of
// grpc-go or grpchan and that the compiler does not check. If a new version of a dependency
// breaks an assumption, the failure of its test says what to change in the library.
//
// The tests import the dependencies and nothing of the library, so that they also run when
// the library does not compile with the new version.
package assumptions
