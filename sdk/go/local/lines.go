package local

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/sandover/plasmite/bindings/go/api"
)

// LineReader reads messages as JSON Lines: each as one compact JSON object, with a line feed behind it. It is an
// io.ReadCloser and an io.WriterTo.
type LineReader struct {
	ctx  context.Context
	tail *Tail
	form C.uint32_t

	mu      sync.Mutex
	waiting []byte
}

// Lines opens a reader of whole messages as JSON Lines, as the command follow prints them. Read waits for messages unless
// the options say otherwise; it gives io.EOF when the tail is over, and ctx.Err() when the context ends. Close it.
func (p *Pool) Lines(ctx context.Context, opts ...TailOption) (*LineReader, error) {
	return p.lines(ctx, C.PLSMGO_ENVELOPE_LINE, opts)
}

// DataLines is Lines for the data of messages alone.
func (p *Pool) DataLines(ctx context.Context, opts ...TailOption) (*LineReader, error) {
	return p.lines(ctx, C.PLSMGO_DATA_LINE, opts)
}

func (p *Pool) lines(ctx context.Context, form C.uint32_t, opts []TailOption) (*LineReader, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	options := api.ApplyTailOptions(opts...)
	tail, err := p.openTail(&options)
	if err != nil {
		return nil, err
	}
	return &LineReader{ctx: ctx, tail: tail, form: form}, nil
}

// Read fills buffer with lines, or parts of them.
func (r *LineReader) Read(buffer []byte) (int, error) {
	if r == nil {
		return 0, closed("line reader")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(buffer) == 0 {
		return 0, nil
	}
	if err := r.more(); err != nil {
		return 0, err
	}
	copied := copy(buffer, r.waiting)
	r.waiting = r.waiting[copied:]
	return copied, nil
}

// WriteTo writes lines until the tail is over, which is no error. The bytes go to the writer without another copy.
func (r *LineReader) WriteTo(to io.Writer) (int64, error) {
	if r == nil {
		return 0, closed("line reader")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var written int64
	for {
		if err := r.more(); err != nil {
			if err == io.EOF {
				err = nil
			}
			return written, err
		}
		n, err := to.Write(r.waiting)
		written += int64(n)
		if n < len(r.waiting) && err == nil {
			err = io.ErrShortWrite
		}
		r.waiting = r.waiting[min(n, len(r.waiting)):]
		if err != nil {
			return written, err
		}
	}
}

// more makes sure that bytes are waiting. They lie in the memory of the tail, whose only reader this is.
func (r *LineReader) more() error {
	if r.tail.closing.Load() {
		return closed("line reader")
	}
	for len(r.waiting) == 0 {
		_, used, err := r.tail.fill(r.ctx, r.form, 0, true)
		var gap *Gap
		switch {
		case err == nil:
			r.waiting = r.tail.text[:used]
			r.tail.leave()
		case errors.Is(err, ErrClosed):
			return closed("line reader")
		case !errors.As(err, &gap): // gaps that no function wants to know of are passed over
			return err
		}
	}
	return nil
}

// Close closes the reader; a call that waits ends with ErrClosed, and so does every later one.
func (r *LineReader) Close() error {
	if r == nil {
		return closed("line reader")
	}
	return r.tail.CloseErr()
}
