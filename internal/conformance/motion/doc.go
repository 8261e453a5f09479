// Package motion contains only tests. They compare a Channel with a network while an RPC is
// in motion: when its handler panics, right after a cancel or a deadline, and while stats
// handlers block, panic, replace contexts or stop the server.
package motion
