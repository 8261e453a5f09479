// Package middleware contains only tests. They run interceptors of go-grpc-middleware over a
// network and on a Channel, and compare what they do.
package middleware
