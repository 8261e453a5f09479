// Package stats declares what the test files need of the real one.
package stats

import "context"

type (
	RPCTagInfo  struct{ FullMethodName string }
	ConnTagInfo struct{}
	RPCStats    interface{ IsClient() bool }
	ConnStats   interface{ IsClient() bool }
	Begin       struct{}
	End         struct{}
)

func (*Begin) IsClient() bool { return false }

func (*End) IsClient() bool { return false }

type Handler interface {
	TagRPC(context.Context, *RPCTagInfo) context.Context
	HandleRPC(context.Context, RPCStats)
	TagConn(context.Context, *ConnTagInfo) context.Context
	HandleConn(context.Context, ConnStats)
}
