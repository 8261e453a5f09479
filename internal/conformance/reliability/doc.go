// Package reliability has no code but its tests: isolation of caller and
// handler, shutdown, load and faults, hostile input. docs/reliability.md says
// which of them proves what.
package reliability
