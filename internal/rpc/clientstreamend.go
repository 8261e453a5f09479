package rpc

import (
	"context"

	"github.com/inprocchain/inprocchain/internal/wire"
)

// How a stream ends for its caller. What the end calls runs on the caller's goroutine: the
// method of the stream that learns of the end calls it. If the caller's context or its
// ClientConn ends while the caller is in a method, that is left to the last one of them;
// if it is in none, the goroutine that watches does it.

// enterCall counts a method that the caller is in, until leaveCall.
func (s *clientStream) enterCall() { s.calls.Add(1) }

func (s *clientStream) leaveCall() {
	s.calls.Add(-1)
	s.finishIfIdle()
}

// finishIfIdle finishes an RPC that the caller's context or its ClientConn has ended, unless the
// caller is in a method.
func (s *clientStream) finishIfIdle() {
	if s.calls.Load() > 0 {
		return
	}
	s.stream.mu.Lock()
	err := s.abandonedWith
	if err == nil && s.stream.ended == byClient {
		err = s.stream.status
	}
	s.stream.mu.Unlock()
	if err != nil {
		s.finish(err)
	}
}

// watch has the RPC end when the caller's context or its ClientConn ends, until stopWatching.
func (s *clientStream) watch() {
	s.stopTagged = context.AfterFunc(s.ctx, func() { s.abandon(wire.ContextStatus(s.ctx)) })
	if s.given != nil {
		s.stopGiven = context.AfterFunc(s.given, func() { s.abandon(wire.ContextStatus(s.given)) })
	}
	s.clientConnEntry = s.client.clientConn.watch(s.ctx, s)
}

func (s *clientStream) stopWatching() {
	if s.stopTagged != nil {
		s.stopTagged()
	}
	if s.stopGiven != nil {
		s.stopGiven()
	}
	s.clientConnEntry.Leave()
}

// cancel ends the RPC when its ClientConn is closed. What it calls may wait for the caller
// of Close.
func (s *clientStream) cancel(err error) { go s.abandon(err) }

// abandon ends the RPC with the status of the caller's context or its ClientConn.
func (s *clientStream) abandon(err error) {
	s.stream.abandon(s.endedBy(err), err)
	s.stream.mu.Lock()
	if s.abandonedWith == nil {
		s.abandonedWith = err
	}
	s.stream.mu.Unlock()
	s.finishIfIdle()
}

func (s *clientStream) endedBy(err error) endedBy {
	if err == wire.ErrClientConnClosing {
		return byConnection
	}
	return byClient
}

// finish ends the RPC for the caller, once: with err, unless the server has ended it
// before. grpc.OnFinish and stats handlers get err either way, as in grpc-go.
//
// A second call waits for the first one, because afterwards what the call options point to
// belongs to the caller.
func (s *clientStream) finish(err error) { s.finishWith(err, err) }

// finishWith is finish, but grpc.OnFinish and stats handlers get reported.
func (s *clientStream) finishWith(err, reported error) {
	if !s.claimFinish() {
		return
	}
	s.stopWatching()
	s.stream.end(s.endedBy(err), err)
	s.answerUnserved() // OnFinish and stats handlers may shut the Channel down, which waits for it.
	s.tellFinish(reported)
	s.opts.onFinish(reported)
	s.cancelContext()
}

// tellFinish tells stats handlers what they have not seen, and sets what call options point
// to.
func (s *clientStream) tellFinish(err error) {
	defer func() {
		s.stream.mu.Lock()
		s.hasFinished = true
		s.told.Broadcast()
		s.stream.mu.Unlock()
	}()
	s.look()
	s.tellEnd(err)
}

// claimFinish reports whether no other call of finish came first. Otherwise it waits for
// that.
func (s *clientStream) claimFinish() (isFirst bool) {
	s.stream.mu.Lock()
	defer s.stream.mu.Unlock()
	isFirst = !s.isFinishing
	s.isFinishing = true
	for !isFirst && !s.hasFinished {
		s.told.Wait()
	}
	return isFirst
}

// look tells stats handlers what has arrived. One call does it at a time, and look waits for that,
// so that its caller's own events come afterwards.
func (s *clientStream) look() { s.tellUntold(true) }

// lookUnlessTelling is look for a call whose events need no order: it does not wait for another one.
func (s *clientStream) lookUnlessTelling() { s.tellUntold(false) }

func (s *clientStream) tellUntold(waits bool) {
	if s.events == nil {
		return
	}
	untold := s.claimUntold(waits)
	if !untold.header && !untold.trailer {
		return
	}
	defer func() {
		s.stream.mu.Lock()
		s.isTelling = false
		s.told.Broadcast()
		s.stream.mu.Unlock()
	}()
	s.tell(untold)
}

// claimUntold returns what its caller is to tell stats handlers. While another call tells them
// something, it waits for that call or returns nothing.
func (s *clientStream) claimUntold(waits bool) arrival {
	s.stream.mu.Lock()
	defer s.stream.mu.Unlock()
	for s.isTelling {
		if !waits {
			return arrival{}
		}
		s.told.Wait()
	}
	untold := s.untold(s.stream.arrivalLocked())
	s.isTelling = untold.header || untold.trailer
	s.toldHeader = s.toldHeader || untold.header
	s.toldTrailer = s.toldTrailer || untold.trailer
	return untold
}

// hasUntold reports whether look has something to do. The caller holds the lock of stream.
func (s *clientStream) hasUntold() bool {
	if s.events == nil {
		return false
	}
	untold := s.untold(s.stream.arrivalLocked())
	return s.isTelling || untold.header || untold.trailer
}
