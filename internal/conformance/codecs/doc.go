// Package codecs contains only tests. They make RPCs with codecs of an application's
// own, and with codecs and compressors that nobody has registered, in-process and on a
// network, and chaintest compares them.
package codecs
