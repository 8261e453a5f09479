// Package details compares a Channel with a network in what few programs look at: the memory
// that streams and contexts hold, what a context prints, who may change a peer or a list of
// call options, and messages, metadata, statuses and methods that are not as usual.
package details
