// Package compat contains only tests, of what importing the library does to an
// application's go.mod.
package compat
