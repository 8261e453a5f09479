// Package reliability contains only tests. They test the isolation of caller and handler,
// shutdown, load and faults, and hostile input. docs/reliability.md lists what they show.
package reliability
