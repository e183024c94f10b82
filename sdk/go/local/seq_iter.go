//go:build go1.23

package local

import "iter"

// MessageSeq is a loop over messages: for message, err := range seq. Before Go 1.23 it is a function that is called with
// the loop's body, which answers whether to go on.
type MessageSeq = iter.Seq2[*Message, error]
