// Package reliability contains only tests: of the isolation of caller and
// handler, of shutdown, of load and faults, and of hostile input.
// docs/reliability.md says which of them proves what.
package reliability
