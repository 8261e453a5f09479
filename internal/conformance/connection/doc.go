// Package connection contains only tests. They compare with a network what package
// chaintest does not: addresses, the headers of HTTP/2, the events that tell stats
// handlers of a connection, and those of RPCs that no handler serves.
package connection
