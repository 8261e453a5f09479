package main

import "slices"

const leftOut = "// …"

// checkFragment looks for the fragment in the repository's Go files.
func (t *tree) checkFragment(b block) string {
	passages := passagesOf(b)
	if len(passages) == 0 {
		return "the block is empty"
	}
	furthest, next := 0, passages[0][0]
	for _, source := range t.sources {
		found, line := follow(source.lines, passages)
		if line == "" {
			return ""
		}
		if found > furthest {
			furthest, next = found, line
		}
	}
	return "the fragment is in no Go file of the repository; this line does not follow those before it: " + next
}

// passagesOf splits the fragment at the lines that say that something is left out.
func passagesOf(b block) [][]string {
	var passages [][]string
	begin := true
	for _, line := range squeeze(b.lines) {
		switch {
		case line == leftOut:
			begin = true
		case begin:
			passages = append(passages, []string{line})
			begin = false
		default:
			last := len(passages) - 1
			passages[last] = append(passages[last], line)
		}
	}
	return passages
}

// follow looks for the passages in lines, one after the other. It returns the number of
// lines that it found, and the first line that it did not find, or "".
func follow(lines []string, passages [][]string) (found int, missing string) {
	for _, passage := range passages {
		at, longest := -1, 0
		for i := range lines {
			same := common(lines[i:], passage)
			longest = max(longest, same)
			if same == len(passage) {
				at = i
				break
			}
		}
		found += longest
		if at < 0 {
			return found, passage[longest]
		}
		lines = lines[at+len(passage):]
	}
	return found, ""
}

// common returns the number of lines at the beginning that are the same in a and b.
func common(a, b []string) int {
	n := min(len(a), len(b))
	if slices.Equal(a[:n], b[:n]) {
		return n
	}
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
