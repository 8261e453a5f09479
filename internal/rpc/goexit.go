package rpc

import "runtime"

// isGoexit reports whether [runtime.Goexit] has called the deferred function that calls
// isGoexit, and not a panic. It does not use recover, because a panic that is recovered and
// raised again is reported as another one.
func isGoexit() bool {
	var callers [8]uintptr
	n := runtime.Callers(2, callers[:]) // the deferred function, then what has called it
	frames := runtime.CallersFrames(callers[:n])
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.Goexit":
			return true
		case frame.Function == "runtime.gopanic" || !more:
			return false
		}
	}
}

// runInOrder runs functions one after the other. If one calls Goexit, the others run nevertheless, but not
// if one panics.
func runInOrder(functions ...func()) {
	if len(functions) == 0 {
		return
	}
	hasReturned := false
	defer func() {
		if hasReturned || isGoexit() {
			runInOrder(functions[1:]...)
		}
	}()
	functions[0]()
	hasReturned = true
}
