// Package pick has the random choices that the generators of random programs share.
package pick

import "math/rand/v2"

// Weighted returns an index, each as often as its weight.
func Weighted(r *rand.Rand, weights ...int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	n := r.IntN(total)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	panic("unreachable")
}

// Rarely returns zero in three of four cases, and any index below n otherwise.
func Rarely(r *rand.Rand, n int) int {
	if r.IntN(4) > 0 {
		return 0
	}
	return r.IntN(n)
}

// Several returns up to limit indices below n, and none in half of the cases.
func Several(r *rand.Rand, n, limit int) []int {
	if r.IntN(2) > 0 {
		return nil
	}
	var chosen []int
	for range 1 + r.IntN(limit) {
		chosen = append(chosen, r.IntN(n))
	}
	return chosen
}
