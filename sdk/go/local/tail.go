package local

// #include "shim.h"
import "C"

import (
	"context"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/sandover/plasmite/bindings/go/api"
)

// Tail is a reader's place in a pool. Used by one reader; goroutines may share it, each message then goes to one
// of them, and one waits at a time.
type Tail struct {
	handle  *tailHandle
	pool    *Pool // whose Close stops it; nil for one that lives on
	gate    chan struct{}
	stopped chan struct{} // closed when the pool was, or the tail

	once      sync.Once
	closing   atomic.Bool
	cancelled atomic.Bool
	onGap     func(Gap)

	// Of whoever has the gate.
	end     EndReason
	text    []byte
	records []C.plsmgo_record_t
}

// tailHandle owns the library's stream. Apart from Tail, which its pool refers to, so that it can be collected.
type tailHandle struct {
	mu     sync.Mutex
	reader *C.plsmgo_reader_t
}

func (h *tailHandle) free() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	open := h.reader != nil
	C.plsmgo_reader_free(h.reader)
	h.reader = nil
	return open
}

func (h *tailHandle) cancel() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reader != nil {
		C.plsm_stream_cancel(h.reader.stream)
	}
}

const (
	mostMessages = 64       // taken in one call
	usualText    = 8 << 10  // bytes of them: what one message that is kept may keep alive
	largestText  = 64 << 10 // that a tail keeps for the next call
	firstWait    = 1        // ms before a wait minds its context; not 0, which would look through a whole backlog at once
)

// OpenTail opens a tail: the oldest message first, then waiting for more, unless the options say otherwise. It lives
// on when the pool is closed. Close it.
func (p *Pool) OpenTail(opts ...TailOption) (*Tail, error) {
	options := api.ApplyTailOptions(opts...)
	return p.openTail(&options)
}

func (p *Pool) openTail(options *TailOptions) (*Tail, error) {
	s := borrowScratch()
	defer s.giveBack()
	native, err := tailOptions(options)
	if err != nil {
		return nil, err
	}
	token, err := terminated("the token", options.Start.Token())
	if err != nil {
		return nil, err
	}
	if options.Start.Kind() != api.StartToken {
		token = nil
	}
	filters, err := compiled(options.Where)
	defer filters.free()
	if err != nil {
		return nil, err
	}
	s.addTags(options.Tags)
	pool, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer p.leave()
	var stream *C.plsm_stream_t
	var failure *C.plsm_error_t
	status := C.plsmgo_tail(pool, native, token, s.tagBytes(), s.tagLens(), C.size_t(len(s.lens)),
		filters.first(), C.size_t(len(filters)), &stream, &failure)
	if err := checked(status, failure); err != nil {
		return nil, err
	}
	return newTail(stream, options.OnGap), nil
}

func newTail(stream *C.plsm_stream_t, onGap func(Gap)) *Tail {
	handle := &tailHandle{reader: C.plsmgo_reader_new(stream)}
	runtime.SetFinalizer(handle, func(handle *tailHandle) { handle.free() })
	return &Tail{
		handle: handle, onGap: onGap,
		gate: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
}

// openRunning opens a tail that the pool's Close stops.
func (p *Pool) openRunning(options *TailOptions) (*Tail, error) {
	tail, err := p.openTail(options)
	if err != nil {
		return nil, err
	}
	tail.pool = p
	if !p.attach(tail) {
		tail.Close()
		return nil, closed("pool")
	}
	return tail, nil
}

func tailOptions(options *TailOptions) (C.plsm_tail_options_t, error) {
	native := C.plsm_tail_options_t{
		struct_size: C.sizeof_plsm_tail_options_t,
		start:       C.uint32_t(options.Start.Kind()),
		start_value: C.uint64_t(options.Start.Value()),
		gap_policy:  C.uint32_t(options.Gaps),
	}
	if options.SinceSeq != nil {
		if options.Start != (Start{}) {
			return native, invalid("both SinceSeq and Start say where to start")
		}
		native.start, native.start_value = C.PLSM_START_SEQ, C.uint64_t(*options.SinceSeq)
	}
	if options.UntilSeq != nil {
		native.has_end, native.end_seq = 1, C.uint64_t(*options.UntilSeq)
	}
	if options.MaxMessages != nil {
		native.has_max, native.max_messages = 1, C.uint64_t(*options.MaxMessages)
	}
	if options.Within != 0 {
		native.has_timeout, native.timeout_ms = 1, C.uint64_t(milliseconds(max(0, options.Within)))
	}
	if options.ErrorOnGap {
		if options.Gaps == GapEvent || options.OnGap != nil {
			return native, invalid("gaps can be an error or an event, not both")
		}
		native.gap_policy = C.PLSM_GAP_ERROR
	}
	if options.OnGap != nil {
		if options.Gaps == GapError {
			return native, invalid("gaps can be an error or an event, not both")
		}
		native.gap_policy = C.PLSM_GAP_EVENT
	}
	if options.Spin < 0 || options.Spin.Microseconds() > 1_000_000 {
		return native, invalid("Spin is not between 0 and 1 s")
	}
	native.spin_us = C.uint32_t(options.Spin.Microseconds())
	if options.Snapshot {
		native.flags |= C.PLSM_TAIL_SNAPSHOT
	}
	if options.Backwards {
		native.flags |= C.PLSM_TAIL_BACKWARDS
	}
	if options.Poll {
		native.flags |= C.PLSM_TAIL_POLL
	}
	return native, nil
}

// Next waits for the next message. io.EOF means that there are no more; End tells why. ctx.Err() means that the
// context ended, ErrCancelled that Cancel was called, and ErrClosed that the tail was closed meanwhile. Under
// GapEvent without an OnGap a *Gap tells of missing messages, and the next call goes on behind them. After an
// ErrRetentionGap the tail is over; after any other error the next call tries again.
func (t *Tail) Next(ctx context.Context) (*Message, error) {
	batch, err := t.NextBatch(ctx, 1)
	if err != nil {
		return nil, err
	}
	return &batch[0], nil
}

// NextBatch waits for a message, and takes up to limit that are there (0, or more than 64, means 64; fewer when they
// are long). At least one without an error. One crossing into C serves all of them. Otherwise as Next.
func (t *Tail) NextBatch(ctx context.Context, limit int) ([]Message, error) {
	count, used, err := t.fill(ctx, C.PLSMGO_ENVELOPE, limit, true)
	if err != nil {
		return nil, err
	}
	defer t.leave()
	messages := make([]Message, count)
	if err := messagesOf(messages, t.records[:count], t.text[:used]); err != nil {
		return nil, err
	}
	return messages, nil
}

// TryNext takes the next message if it is there, without waiting; nil without an error when there is none just now, or
// when another goroutine is in a call on the tail. Otherwise as Next.
func (t *Tail) TryNext() (*Message, error) {
	count, used, err := t.fill(context.Background(), C.PLSMGO_ENVELOPE, 1, false)
	if err != nil || count == 0 {
		return nil, err
	}
	defer t.leave()
	message := make([]Message, 1)
	if err := messagesOf(message, t.records[:1], t.text[:used]); err != nil {
		return nil, err
	}
	return &message[0], nil
}

// enter takes the gate. The error is of a closed tail, or the context's.
func (t *Tail) enter(ctx context.Context) error {
	entered, err := t.tryEnter(ctx)
	if entered || err != nil {
		return err
	}
	select {
	case t.gate <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	return t.entered()
}

// tryEnter is enter that does not wait: false without an error when the gate is another's.
func (t *Tail) tryEnter(ctx context.Context) (bool, error) {
	if t == nil || t.handle == nil {
		return false, closed("tail")
	}
	if t.closing.Load() {
		return false, t.closedError()
	}
	if err := alive(ctx); err != nil {
		return false, err
	}
	select {
	case t.gate <- struct{}{}:
		err := t.entered()
		return err == nil, err
	default:
		return false, nil
	}
}

// entered gives the gate back when the tail was closed meanwhile.
func (t *Tail) entered() error {
	if !t.closing.Load() {
		return nil
	}
	t.leave()
	return t.closedError()
}

func (t *Tail) leave() { <-t.gate }

func (t *Tail) closedError() error {
	if t.pool != nil {
		return closed("pool")
	}
	return closed("tail")
}

// fill waits for messages, unless told otherwise, and has them written into t.text. The gate is the caller's when it
// took any; nothing without an error happens only without waiting. Contexts and OnGap are code of others, which may
// panic or end the goroutine: the gate is given back then as well.
func (t *Tail) fill(ctx context.Context, form C.uint32_t, limit int, wait bool) (count, used int, err error) {
	if limit <= 0 || limit > mostMessages {
		limit = mostMessages
	}
	if wait {
		err = t.enter(ctx)
	} else if entered, tried := t.tryEnter(ctx); !entered {
		return 0, 0, tried
	}
	if err != nil {
		return 0, 0, err
	}
	kept := false
	defer func() {
		if !kept {
			t.leave()
		}
	}()
	count, used, err = t.filled(ctx, form, limit, wait)
	kept = err == nil && count != 0
	return count, used, err
}

// filled is fill for whoever has the gate, which it leaves alone.
func (t *Tail) filled(ctx context.Context, form C.uint32_t, limit int, wait bool) (count, used int, err error) {
	if cap(t.records) < limit {
		t.records = make([]C.plsmgo_record_t, limit)
	}
	if t.text == nil || len(t.text) > largestText {
		t.text = make([]byte, usualText)
	}
	blocking := wait && ctx.Done() == nil // nothing can end the wait, so there is no need to look first
	first := C.uint64_t(0)
	if wait {
		first = firstWait
	}
	for {
		var result C.plsmgo_fill_t
		switch {
		case blocking && wait && ctx.Done() != nil:
			result = t.blocked(ctx, form, limit)
		case blocking:
			result = t.taken(C.uint64_t(forever), form, limit, result)
		default:
			result = t.taken(first, form, limit, result)
		}
		switch result.next {
		case C.PLSM_NEXT_MESSAGE:
			for result.needed != 0 { // a message was taken that did not fit
				larger := make([]byte, int(result.used)+2*int(result.needed))
				copy(larger, t.text[:result.used])
				t.text = larger
				result = t.taken(0, form, int(result.count)+1, result)
			}
			if result.count != 0 {
				return int(result.count), int(result.used), nil
			}
			return 0, 0, taken(result.error) // the message could not be written
		case C.PLSM_NEXT_TIMEOUT:
			if !wait {
				return 0, 0, nil
			}
			blocking = true
		case C.PLSM_NEXT_GAP:
			if err := t.gap(); err != nil {
				return 0, 0, err
			}
		case C.PLSM_NEXT_CANCELLED:
			if err := t.interrupted(ctx); err != nil {
				return 0, 0, err
			}
		case C.PLSM_NEXT_END:
			if t.end == EndNone {
				t.end = EndComplete
			}
			return 0, 0, io.EOF
		case C.PLSM_NEXT_DEADLINE:
			t.end = EndDeadline
			return 0, 0, io.EOF
		default:
			if result.error != nil && result.error.kind == C.PLSM_ERROR_RETENTION_GAP {
				t.end = EndGap
			}
			return 0, 0, taken(result.error)
		}
	}
}

// taken goes on behind what was taken before.
func (t *Tail) taken(waitMs C.uint64_t, form C.uint32_t, limit int, before C.plsmgo_fill_t) C.plsmgo_fill_t {
	return C.plsmgo_reader_fill(t.handle.reader, waitMs, form, C.size_t(limit),
		(*C.uint8_t)(unsafe.Pointer(&t.text[0])), C.size_t(len(t.text)), before.used, &t.records[0], before.count)
}

// blocked waits in C until the context ends.
func (t *Tail) blocked(ctx context.Context, form C.uint32_t, limit int) C.plsmgo_fill_t {
	release := t.cancelWith(ctx)
	defer release()
	return t.taken(C.uint64_t(forever), form, limit, C.plsmgo_fill_t{})
}

// cancelWith cancels the stream when the context ends, until the function it returns was called.
func (t *Tail) cancelWith(ctx context.Context) (release func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		t.handle.cancel()
		close(done)
	})
	return func() {
		if !stop() {
			<-done
			t.takeBack()
		}
	}
}

// takeBack takes a context's cancel back, and leaves what Cancel and Close want.
func (t *Tail) takeBack() {
	C.plsm_stream_reset_cancel(t.handle.reader.stream)
	if t.cancelled.Load() || t.closing.Load() {
		C.plsm_stream_cancel(t.handle.reader.stream)
	}
}

// interrupted tells why a wait was cancelled; nil when it is to go on.
func (t *Tail) interrupted(ctx context.Context) error {
	switch {
	case t.closing.Load():
		return t.closedError()
	case ctx.Err() != nil:
		return ctx.Err()
	case t.cancelled.Load():
		return ErrCancelled
	}
	t.takeBack()
	return nil
}

// gap tells of missing messages: the function that wants to know, or whoever waits.
func (t *Tail) gap() error {
	var told C.plsm_gap_t
	var failure *C.plsm_error_t
	if err := checked(C.plsm_stream_gap(t.handle.reader.stream, &told, &failure), failure); err != nil {
		return err
	}
	gap := Gap{First: uint64(told.first), Last: uint64(told.last), Count: uint64(told.count)}
	if t.onGap == nil {
		return &gap
	}
	t.onGap(gap)
	return nil
}

// stop ends the tail because its pool is closed; whoever reads it closes it.
func (t *Tail) stop() {
	t.closing.Store(true)
	t.once.Do(func() { close(t.stopped) })
	t.handle.cancel()
}

// Close ends what waits on the tail with ErrClosed, and closes it. Closing again, or a nil tail, does nothing. Not to be
// called from OnGap.
func (t *Tail) Close() { _ = t.CloseErr() }

// CloseErr is Close, and tells ErrClosed when the tail was closed before.
func (t *Tail) CloseErr() error {
	if t == nil || t.handle == nil {
		return closed("tail")
	}
	t.stop()
	t.gate <- struct{}{}
	defer t.leave()
	if t.pool != nil {
		t.pool.detach(t)
	}
	if !t.handle.free() {
		return closed("tail")
	}
	return nil
}
