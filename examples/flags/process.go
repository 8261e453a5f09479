package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// A serviceProcess is a second process of this program. It serves only the flag
// service, over TCP.
type serviceProcess struct {
	cmd   *exec.Cmd
	addr  string
	stdin io.Closer // the process stops when it is closed; not every system has signals for that

	reading sync.WaitGroup
	stdout  bytes.Buffer // read it after stop
	stderr  bytes.Buffer // read it after stop
}

// startServiceProcess returns once the process is listening. When ctx ends, the
// process is asked to stop.
func startServiceProcess(ctx context.Context, cfg config) (*serviceProcess, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	p := new(serviceProcess)
	p.cmd = exec.Command(program, "-serve", "-until-eof", "-http=", "-grpc", cfg.grpcAddr, "-token", cfg.token, "-audit", cfg.audit, "-otlp", cfg.otlp)
	p.cmd.Stderr = &p.stderr
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the flag service's process: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = p.stdin.Close() })
	reader := bufio.NewReader(io.TeeReader(stdout, &p.stdout))
	for p.addr == "" {
		line, err := reader.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("the flag service's process did not start listening: %w", p.wait())
		}
		if addr, ok := strings.CutPrefix(line, grpcPrefix); ok {
			p.addr = strings.TrimSpace(addr)
		}
	}
	p.reading.Go(func() { _, _ = io.Copy(io.Discard, reader) })
	return p, nil
}

// stop asks the process to stop, and waits until it has exited. It returns an
// error if the exit status is not 0.
func (p *serviceProcess) stop() error {
	// It is closed already if the context of startServiceProcess has ended.
	if err := p.stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("stopping the flag service's process: %w", err)
	}
	// The process needs up to stopTimeout for its servers, and again for exports.
	kill := time.AfterFunc(3*stopTimeout, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	if err := p.wait(); err != nil {
		return fmt.Errorf("the flag service's process: %w", err)
	}
	return nil
}

func (p *serviceProcess) wait() error {
	p.reading.Wait()
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("%w; its standard error:\n%s", err, &p.stderr)
	}
	return nil
}

// auditRecords returns the audit log, of which the process writes each record as
// a line of JSON to its standard output.
func (p *serviceProcess) auditRecords() []byte {
	var records []byte
	for line := range bytes.Lines(p.stdout.Bytes()) {
		if bytes.HasPrefix(line, []byte("{")) {
			records = append(records, line...)
		}
	}
	return records
}
