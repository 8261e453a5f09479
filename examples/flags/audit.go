package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// A record is a line of the audit log: who changed what, when, and over which transport.
type record struct {
	Time      time.Time `json:"time"`
	Transport transport `json:"transport"`
	Actor     string    `json:"actor"`
	Action    string    `json:"action"`
	Flag      string    `json:"flag"`
}

// An auditLog writes a record, as a line of JSON, for each successful change.
type auditLog struct {
	mu  sync.Mutex
	out io.Writer
}

// openAudit returns a writer to out and, if name is not empty, to the end of that file.
func openAudit(name string, out io.Writer) (_ io.Writer, closeFile func() error, _ error) {
	if name == "" {
		return out, func() error { return nil }, nil
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the audit log: %w; choose another file with -audit", err)
	}
	return io.MultiWriter(file, out), file.Close, nil
}

// unaryServer is an interceptor. It must run inside authentication, which sets the actor.
func (l *auditLog) unaryServer(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if err != nil || !changes(info.FullMethod) {
		return resp, err
	}
	change := record{Time: time.Now(), Transport: transportOf(ctx), Actor: actor(ctx), Action: path.Base(info.FullMethod)}
	if keyed, ok := req.(interface{ GetKey() string }); ok {
		change.Flag = keyed.GetKey()
	}
	trace.SpanFromContext(ctx).AddEvent(auditEvent, trace.WithTimestamp(change.Time), trace.WithAttributes(change.attributes()...))
	if err := l.write(change); err != nil {
		return nil, status.Errorf(codes.Internal, "the change was made, but writing the audit log failed: %v", err)
	}
	return resp, nil
}

// changes reports whether a method changes flags.
func changes(fullMethod string) bool {
	switch fullMethod {
	case pb.Flags_Create_FullMethodName, pb.Flags_Delete_FullMethodName:
		return true
	}
	return false
}

func (l *auditLog) write(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err = l.out.Write(append(line, '\n'))
	return err
}

// readRecords returns the log's records by transport, or by module, without their times.
func readRecords(log io.Reader) (map[transport][]string, error) {
	records := map[transport][]string{}
	for lines := json.NewDecoder(log); ; {
		var r record
		if err := lines.Decode(&r); err == io.EOF {
			return records, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		by := r.Transport
		if slices.Contains(modules, r.Actor) {
			by = transport(r.Actor)
		}
		records[by] = append(records[by], fmt.Sprintf("%s %s %s", r.Actor, r.Action, r.Flag))
	}
}

// auditEvent is the name of the span event that is added for every record.
const auditEvent = "audit"

func (r record) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("audit.transport", string(r.Transport)),
		attribute.String("audit.actor", r.Actor),
		attribute.String("audit.action", r.Action),
		attribute.String("audit.flag", r.Flag),
	}
}
