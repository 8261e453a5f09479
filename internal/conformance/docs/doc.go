// Package docs contains only tests. They run the code that README.md and the
// files in docs/ show, and check the differences from a network that
// docs/differences.md lists.
package docs
