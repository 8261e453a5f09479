package message

import (
	"reflect"
	"sync"
	"sync/atomic"

	"google.golang.org/protobuf/proto"
)

// A Pool keeps the structs of generated messages between Move and the next Copy of the same
// type, so that most copies allocate none (BenchmarkCopy). Only this package refers to these
// structs, since Move gives their contents to a struct of the receiver.
//
// A Pool is for the requests of a method, or for its responses. It may be used concurrently.
// The zero Pool and a nil one are empty.
type Pool struct {
	structs sync.Pool
	known   atomic.Value // of reflect.Type: a generated one
}

// isGenerated reports whether msg has a generated type. It remembers the first one, since the
// messages of a method usually have the same type.
func (p *Pool) isGenerated(msg any) bool {
	if p != nil && p.known.Load() == any(reflect.TypeOf(msg)) {
		return true
	}
	_, kind := asGenerated(msg)
	if kind != generated {
		return false
	}
	if p != nil {
		p.known.CompareAndSwap(nil, reflect.TypeOf(msg))
	}
	return true
}

// get returns an empty message of the type of msg, or nil if there is none.
func (p *Pool) get(msg any) proto.Message {
	if p == nil {
		return nil
	}
	empty, _ := p.structs.Get().(proto.Message)
	if reflect.TypeOf(empty) != reflect.TypeOf(msg) {
		return nil
	}
	return empty
}

// put takes a struct whose contents have been moved.
func (p *Pool) put(moved any) {
	reflect.ValueOf(moved).Elem().SetZero()
	p.structs.Put(moved)
}
