// Package shared has no code. Its tests are about messages that a client and its handlers
// share, because of WithSharedMessages:
//
//   - sharing_test.go: what is shared, and what each side owns
//   - callers_test.go: retries, hedging, timeouts, caches, sizes
//   - contract_race_test.go: what the check of a race build finds, and what it does not report
package shared
