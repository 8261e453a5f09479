// Package reliability contains only tests: of the isolation of caller and handler, of
// shutdown, of load and faults, and of hostile input. docs/reliability.md lists what they
// show.
package reliability
