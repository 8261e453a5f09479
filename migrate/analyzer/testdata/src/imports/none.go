package imports

func none() {
	ch, ok := someConn.(*aliased) // want `misses a wrapped channel`
	_, _ = ch, ok
}
