// Package connection contains only tests. They compare what is the same for all
// RPCs on a connection: addresses, the headers of HTTP/2, and the events that tell
// stats handlers of the connection.
package connection
