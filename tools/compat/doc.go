// Package compat contains only a test. It checks that importing the library does not
// change the requirements of an application. apidiff and gorelease compare the API of a
// module, not what it requires.
package compat
