// Package connection contains only tests. They compare with a network what package
// chaintest does not compare: addresses, the headers of HTTP/2, the stats events of
// connections, and those of RPCs that no handler serves.
package connection
