//go:build !go1.23

package local

// MessageSeq is a loop over messages: it is called with the loop's body, which answers whether to go on. From Go 1.23 on
// it is iter.Seq2[*Message, error].
type MessageSeq = func(yield func(*Message, error) bool)
