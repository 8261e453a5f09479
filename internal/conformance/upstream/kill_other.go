//go:build !unix

package main

import "os/exec"

// killGroup does nothing, because this system has no process groups. The end of the command's
// context kills only the command.
func killGroup(*exec.Cmd) {}
