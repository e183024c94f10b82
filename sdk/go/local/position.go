package local

// #include "shim.h"
import "C"

import (
	"context"
	"strconv"
	"strings"

	"github.com/sandover/plasmite/bindings/go/api"
)

// Cancel ends a wait on the tail with ErrCancelled, and every later one at once, until ResetCancel. Does not wait.
// Contexts do this for a single call.
func (t *Tail) Cancel() {
	if t == nil || t.handle == nil {
		return
	}
	t.cancelled.Store(true)
	t.handle.cancel()
}

// ResetCancel takes Cancel back: the tail goes on where it stood.
func (t *Tail) ResetCancel() {
	if t == nil || t.handle == nil || !t.cancelled.Load() {
		return
	}
	t.gate <- struct{}{} // a wait that Cancel ends has ended
	defer t.leave()
	if t.cancelled.CompareAndSwap(true, false) && !t.closing.Load() {
		C.plsm_stream_reset_cancel(t.handle.reader.stream)
	}
}

// with runs a call on the stream when nobody reads it.
func (t *Tail) with(call func(stream *C.plsm_stream_t, failure **C.plsm_error_t) C.int) error {
	if err := t.enter(context.Background()); err != nil {
		return err
	}
	defer t.leave()
	var failure *C.plsm_error_t
	return checked(call(t.handle.reader.stream, &failure), failure)
}

// Stats tell what the tail has done so far, and where it stands: behind what it has handed out. Waits for a running Next.
func (t *Tail) Stats() (TailStats, error) {
	var told C.plsm_stream_stats_t
	var ahead C.uint64_t
	err := t.with(func(stream *C.plsm_stream_t, failure **C.plsm_error_t) C.int {
		ahead = t.handle.reader.pending_seq
		return C.plsm_stream_stats(stream, &told, failure)
	})
	if ahead != 0 {
		told.next_seq = ahead
	}
	return TailStats{Delivered: uint64(told.delivered), Dropped: uint64(told.dropped), NextSeq: uint64(told.next_seq)}, err
}

// Token is a short text that tells where the tail stands, behind what it has handed out, for FromToken: in this program or
// another, now or later. A tail that has not found the last few that match yet (FromLast) looks for them first, which may
// take long; Cancel ends that, and the text is then for those found so far. Waits for a running Next.
func (t *Tail) Token() (string, error) { return t.token(context.Background()) }

// token is Token. The end of a context, like Cancel, only ends the looking.
func (t *Tail) token(ctx context.Context) (string, error) {
	var text C.plsm_buf_t
	var ahead C.uint64_t
	err := t.with(func(stream *C.plsm_stream_t, failure **C.plsm_error_t) C.int {
		if ctx.Done() != nil {
			defer t.cancelWith(ctx)()
		}
		ahead = t.handle.reader.pending_seq
		return C.plsm_stream_token(stream, &text, failure)
	})
	if err != nil {
		return "", err
	}
	token := string(take(&text))
	if ahead == 0 {
		return token, nil
	}
	return tokenAt(token, uint64(ahead))
}

// tokenAt is a token of the same pool and generation that stands at another seq, which is the last of its parts.
func tokenAt(token string, seq uint64) (string, error) {
	dot := strings.LastIndexByte(token, '.')
	if !strings.HasPrefix(token, "pls1.") || dot < len("pls1.") {
		return "", &Error{Kind: ErrorInternal, Message: "the library gave a token of a form that is not known: " + token}
	}
	return token[:dot+1] + strconv.FormatUint(seq, 10), nil
}

// Seek moves the tail to any start but a token. One that had ended, except by its deadline, goes on. Waits for a
// running Next.
func (t *Tail) Seek(start Start) error {
	if start.Kind() == api.StartToken {
		return invalid("a tail cannot be moved to a token; open one with FromToken")
	}
	return t.with(func(stream *C.plsm_stream_t, failure **C.plsm_error_t) C.int {
		t.end = EndNone
		C.plsmgo_reader_clear(t.handle.reader)
		return C.plsm_stream_seek(stream, C.uint32_t(start.Kind()), C.uint64_t(start.Value()), failure)
	})
}

// End tells why the tail is over, or EndNone. Waits for a running Next.
func (t *Tail) End() EndReason {
	if t.enter(context.Background()) != nil {
		return EndNone
	}
	defer t.leave()
	return t.end
}
