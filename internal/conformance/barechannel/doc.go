// Package barechannel contains only tests. Each makes the same call on a bare
// inprocgrpc.Channel, which has a defect, and on an inprocchain.Channel, which does
// not. Each row of the table in docs/migrating.md has a test here or in package telemetry.
package barechannel
