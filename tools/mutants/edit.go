package main

import (
	"bytes"
	"fmt"
	"slices"
)

// An edit is a mistake in a function of the library.
type edit struct {
	file string
	does string // what is wrong afterwards
	old  string // occurs once in the file
	new  string

	by   string // the test that notices it, as "package Test", which runs first; may be empty
	race bool   // Only the race detector notices it.
	same string // why no test can notice it; empty for most
}

func (e edit) String() string { return e.file + ": " + e.does }

// in sets the file of edits.
func in(file string, edits ...edit) []edit {
	for i := range edits {
		edits[i].file = file
	}
	return edits
}

// edits returns all edits. Those of remote.go are the last.
func edits() []edit {
	return slices.Concat(
		messageCodecEdits, messageEdits, messageGeneratedEdits, messageLayoutEdits, messageMemoryEdits, messageReflectionEdits,
		wireCredentialsEdits, wireMetadataEdits, wireStatusEdits,
		observeClientEdits, observeEdits, observeServerEdits,
		rpcInflightEdits, rpcClientconnEdits, rpcClientEdits, rpcClientcallEdits, rpcCalloptionsEdits,
		rpcUnaryEdits, rpcClientstreamEdits, rpcClientstreamendEdits, rpcMessagesEdits, rpcTransportstreamEdits, rpcSentEdits,
		rpcReceivedEdits, rpcConnectionEdits, rpcHandlercallEdits, rpcHandlercontextEdits, rpcGoexitEdits, rpcClockEdits,
		rpcServerstreamEdits, rpcDirectEdits, rpcServerEdits, rpcMethodsEdits, rpcHooksEdits,
		rpcRemoteEdits,
	)
}

// apply returns the file of an edit afterwards.
func (e edit) apply(source []byte) ([]byte, error) {
	if n := bytes.Count(source, []byte(e.old)); n != 1 {
		return nil, fmt.Errorf("its old text occurs %d times in the file; update the edit", n)
	}
	return bytes.Replace(source, []byte(e.old), []byte(e.new), 1), nil
}
