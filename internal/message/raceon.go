//go:build race

package message

// checksContract says whether the program is built with the race detector.
const checksContract = true
