// Package compat contains only a test. It checks that importing the library does not
// change the requirements of an application.
package compat
