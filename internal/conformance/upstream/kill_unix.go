//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// killGroup makes the end of the command's context also kill the processes that the command
// has started.
func killGroup(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}
