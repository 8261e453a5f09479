// Package codecs contains only tests. They make RPCs with codecs of an application, and with
// codecs and compressors that are not registered, in-process and on a network. chaintest
// compares them.
package codecs
