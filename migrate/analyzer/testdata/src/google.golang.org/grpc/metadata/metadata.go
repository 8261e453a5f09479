// Package metadata stands in for the package of the same name.
package metadata

import "context"

type MD map[string][]string

func (md MD) Set(k string, vals ...string) {}

func (md MD) Append(k string, vals ...string) {}

func FromIncomingContext(ctx context.Context) (MD, bool) { return nil, false }

func FromOutgoingContext(ctx context.Context) (MD, bool) { return nil, false }

func NewOutgoingContext(ctx context.Context, md MD) context.Context { return ctx }

func AppendToOutgoingContext(ctx context.Context, kv ...string) context.Context { return ctx }
