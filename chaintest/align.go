package chaintest

// align pairs as many elements of a and b as possible, in order. An element
// without a partner is paired with -1.
func align(a, b []int, same func(i, j int) bool) [][2]int {
	var start, end [][2]int
	for len(a) > 0 && len(b) > 0 && same(a[0], b[0]) {
		start = append(start, [2]int{a[0], b[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && same(a[len(a)-1], b[len(b)-1]) {
		end = append(end, [2]int{a[len(a)-1], b[len(b)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	aligned := append(start, longestCommonSubsequence(a, b, same)...)
	for i := len(end) - 1; i >= 0; i-- {
		aligned = append(aligned, end[i])
	}
	return aligned
}

// longestCommonSubsequence pairs the elements of the longest common subsequence.
func longestCommonSubsequence(a, b []int, same func(i, j int) bool) [][2]int {
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			length[i][j] = max(length[i+1][j], length[i][j+1])
			if same(a[i], b[j]) {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	var aligned [][2]int
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && same(a[i], b[j]):
			aligned = append(aligned, [2]int{a[i], b[j]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && length[i+1][j] >= length[i][j+1]:
			aligned = append(aligned, [2]int{a[i], -1})
			i++
		default:
			aligned = append(aligned, [2]int{-1, b[j]})
			j++
		}
	}
	return aligned
}
