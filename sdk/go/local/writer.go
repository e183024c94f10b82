package local

// #include "shim.h"
import "C"

import (
	"context"
	"runtime"
	"sync"

	"github.com/sandover/plasmite/bindings/go/api"
)

// WriterOptions say how a Writer reads its input.
type WriterOptions struct {
	// OnBad is told of a bad record, which is then passed over. Without it the first one ends the writing. It must not
	// use the writer. When it panics, or ends the goroutine, the records behind are left to the next Write, Flush or Close.
	OnBad func(BadRecord)
	// Copy stores a record that is a whole message, as Lines gives it, with its data and tags.
	Copy bool
	// MaxRecord is the largest record in bytes; 0 means 256 MiB.
	MaxRecord uint64
	// Append says how the messages are appended.
	Append []AppendOption
}

// BadRecord is a piece of input that became no message.
type BadRecord struct {
	// Index is its number from 1, Line the line on which it starts, from 1, and Offset the byte, from 0.
	Index, Line, Offset uint64
	// Text is how it begins.
	Text string
	// Err says what is wrong with it.
	Err error
}

// Writer appends JSON Lines to a pool: each line, or each JSON value, becomes a message the moment its last byte was
// written. It also takes concatenated values, JSON text sequences and event streams, and tells them apart by their
// first bytes. Close it, so that a last record without a line feed is not lost.
type Writer struct {
	pool    *Pool
	options WriterOptions
	config  AppendConfig
	handle  *ingestHandle
	broken  error
	written uint64
}

type ingestHandle struct {
	mu     sync.Mutex
	ingest *C.plsm_ingest_t
}

func (h *ingestHandle) free() {
	C.plsm_ingest_free(h.ingest)
	h.ingest = nil
}

// NewWriter makes a writer that appends to the pool.
func (p *Pool) NewWriter(options WriterOptions) (*Writer, error) {
	if _, err := p.enter(); err != nil {
		return nil, err
	}
	p.leave()
	native := C.plsm_ingest_options_t{
		struct_size: C.sizeof_plsm_ingest_options_t,
		max_record:  C.uint64_t(options.MaxRecord),
	}
	if options.OnBad != nil {
		native.flags |= C.PLSM_INGEST_SKIP
	}
	if options.Copy {
		native.flags |= C.PLSM_INGEST_COPY
	}
	handle := &ingestHandle{}
	var failure *C.plsm_error_t
	if err := checked(C.plsm_ingest_new(&native, &handle.ingest, &failure), failure); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(handle, (*ingestHandle).free)
	return &Writer{pool: p, options: options, config: api.ApplyAppendOptions(options.Append...), handle: handle}, nil
}

// Write takes a piece of the input, of any size, and appends every record that is complete with it. All of the piece is
// taken, also beside an error. A bad record is an *Error of the kind ErrorUsage, whose Offset is a byte of the input, and
// ends the writing. After any other error (ErrBusy, say) the records that are left are appended by the next Write, Flush
// or Close, unless MaybeWritten.
func (w *Writer) Write(piece []byte) (int, error) {
	if w == nil || w.handle == nil {
		return 0, closed("writer")
	}
	w.handle.mu.Lock()
	defer w.handle.mu.Unlock()
	if w.handle.ingest == nil {
		return 0, closed("writer")
	}
	if w.broken != nil {
		return 0, w.broken
	}
	return len(piece), w.advance(piece, false)
}

// Flush appends the records that an error has left.
func (w *Writer) Flush() error {
	_, err := w.Write(nil)
	return err
}

// Written is how many messages were appended.
func (w *Writer) Written() uint64 {
	if w == nil || w.handle == nil {
		return 0
	}
	w.handle.mu.Lock()
	defer w.handle.mu.Unlock()
	return w.written
}

// Close ends the input: what is left of it becomes a last record, or a bad one. After ErrBusy it may be called again;
// otherwise the writer is closed, and closing again is ErrClosed.
func (w *Writer) Close() error {
	if w == nil || w.handle == nil {
		return closed("writer")
	}
	w.handle.mu.Lock()
	defer w.handle.mu.Unlock()
	if w.handle.ingest == nil {
		return closed("writer")
	}
	var err error
	if w.broken == nil {
		err = w.advance(nil, true)
	}
	if failed, ok := err.(*Error); !ok || failed.Kind != ErrorBusy {
		w.handle.free()
	}
	return err
}

// advance gives the input a piece, and appends what is complete.
func (w *Writer) advance(piece []byte, finish bool) error {
	s := borrowScratch()
	defer s.giveBack()
	s.addTags(w.config.Tags)
	options, err := appendOptions(context.Background(), &w.config)
	if err != nil {
		return err
	}
	for {
		pool, err := w.pool.enter()
		if err != nil {
			return err
		}
		result := C.plsmgo_ingest_write(w.handle.ingest, pool, bytesOf(piece), C.size_t(len(piece)), flag(finish), options,
			s.tagBytes(), s.tagLens(), C.size_t(len(s.lens)))
		w.pool.leave()
		piece, finish = nil, false
		w.written += uint64(result.appended)
		switch result.step {
		case C.PLSM_INGEST_MORE, C.PLSM_INGEST_END:
			return nil
		case C.PLSM_INGEST_FAULT:
			bad := BadRecord{
				Index: uint64(result.item.index), Line: uint64(result.item.line), Offset: uint64(result.item.offset),
				Text: borrowed(result.item.text), Err: described(result.item.error),
			}
			if w.options.OnBad == nil {
				w.broken = bad.Err
				return bad.Err
			}
			w.options.OnBad(bad)
		default:
			return taken(result.error)
		}
	}
}
