package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/inprocchain/inprocchain/examples/flags/flagspb"
)

// A record is a line of the audit log: who changed what, when, and by which way.
type record struct {
	Time   time.Time `json:"time"`
	Via    via       `json:"via"`
	Actor  string    `json:"actor"`
	Action string    `json:"action"`
	Flag   string    `json:"flag"`
}

// auditLog writes a record, as a line of JSON, for each change that was made.
type auditLog struct {
	mu  sync.Mutex
	out io.Writer
}

// openAudit returns a writer to out and, if it has a name, to the end of that file.
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

// unaryServer is the interceptor. It runs after the one that knows the actor.
func (l *auditLog) unaryServer(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	resp, err := handler(ctx, req)
	if err != nil || !changes(info.FullMethod) {
		return resp, err
	}
	made := record{Time: time.Now(), Via: viaOf(ctx), Actor: actor(ctx), Action: path.Base(info.FullMethod)}
	if keyed, ok := req.(interface{ GetKey() string }); ok {
		made.Flag = keyed.GetKey()
	}
	trace.SpanFromContext(ctx).AddEvent(auditEvent, trace.WithTimestamp(made.Time), trace.WithAttributes(made.attributes()...))
	if err := l.write(made); err != nil {
		return nil, status.Errorf(codes.Internal, "the change is made, but the audit log cannot be written: %v", err)
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

func (l *auditLog) write(made record) error {
	line, err := json.Marshal(made)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err = l.out.Write(append(line, '\n'))
	return err
}

// readRecords returns the log's records by the way they came in, without what
// the ways may differ in.
func readRecords(log io.Reader) (map[via][]string, error) {
	records := map[via][]string{}
	for lines := json.NewDecoder(log); ; {
		var r record
		if err := lines.Decode(&r); err == io.EOF {
			return records, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		records[r.Via] = append(records[r.Via], fmt.Sprintf("%s %s %s", r.Actor, r.Action, r.Flag))
	}
}

// auditEvent is the name of the span event that every record also is.
const auditEvent = "audit"

func (r record) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("audit.via", string(r.Via)),
		attribute.String("audit.actor", r.Actor),
		attribute.String("audit.action", r.Action),
		attribute.String("audit.flag", r.Flag),
	}
}
