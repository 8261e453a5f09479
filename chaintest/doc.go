// Package chaintest proves that a chain does in-process what it does on a
// network: nothing lost, nothing doubled, nothing in another order.
//
// [Compare] runs the same calls both ways and reports every difference that
// somebody could see. [Traced] takes one way, and reports the RPCs whose traces
// have gaps.
//
// A handler that runs under this package is like any other: if it panics, the
// process ends.
package chaintest
