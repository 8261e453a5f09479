// Package barechannel contains only tests. Each makes the same call on a bare
// inprocgrpc.Channel, where it shows a defect, and on an inprocchain.Channel,
// where the defect is gone. Together with the tests of the same name in package
// telemetry they are the table in README.md.
package barechannel
