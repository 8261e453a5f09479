// Package docs contains only tests. They run the code in README.md and the files in
// docs/, and check the differences from a network that docs/differences.md lists.
package docs
