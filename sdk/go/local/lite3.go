package local

// #include "shim.h"
import "C"

import (
	"context"

	"github.com/sandover/plasmite/bindings/go/api"
)

// AppendLite3 appends a whole Lite3 message document, {"meta":{"tags":[...]},"data":...}, which is kept byte for
// byte, and returns its seq.
func (p *Pool) AppendLite3(payload []byte, durability Durability) (uint64, error) {
	if len(payload) == 0 {
		return 0, invalid("the payload is empty")
	}
	pool, err := p.enter()
	if err != nil {
		return 0, err
	}
	defer p.leave()
	var seq C.uint64_t
	var failure *C.plsm_error_t
	status := C.plsm_pool_append_lite3(pool, bytesOf(payload), C.size_t(len(payload)), C.uint32_t(durability), &seq, &failure)
	return uint64(seq), checked(status, failure)
}

// GetLite3 reads a message as a Lite3 message document. ErrUsage, with the seq: Lite3 cannot hold it (an integer
// above 2^63-1, a key with a NUL); Get can.
func (p *Pool) GetLite3(seq uint64) (*Lite3Frame, error) {
	pool, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer p.leave()
	var frame C.plsm_lite3_frame_t
	var failure *C.plsm_error_t
	if err := checked(C.plsm_pool_get_lite3(pool, C.uint64_t(seq), &frame, &failure), failure); err != nil {
		return nil, err
	}
	return &Lite3Frame{
		Seq: uint64(frame.seq), TimestampNs: uint64(frame.timestamp_ns), Flags: uint32(frame.flags), Payload: take(&frame.payload),
	}, nil
}

// TailLite3 is Tail for messages as Lite3. One that Lite3 cannot hold ends it with ErrUsage and the seq.
func (p *Pool) TailLite3(ctx context.Context, options TailOptions) (<-chan *Lite3Frame, <-chan error) {
	return deliver(ctx, p, &options, (*Tail).nextFrames)
}

// nextFrames is NextBatch for messages as Lite3.
func (t *Tail) nextFrames(ctx context.Context, limit int) ([]*Lite3Frame, error) {
	count, used, err := t.fill(ctx, C.PLSMGO_LITE3, limit, true)
	if err != nil {
		return nil, err
	}
	defer t.leave()
	return t.frames(count, used), nil
}

// frames copies what was filled.
func (t *Tail) frames(count, used int) []*Lite3Frame {
	payloads := append([]byte(nil), t.text[:used]...)
	frames := make([]*Lite3Frame, count)
	for i, record := range t.records[:count] {
		from, to := int(record.offset), int(record.offset+record.len)
		frames[i] = &Lite3Frame{Seq: uint64(record.seq), TimestampNs: uint64(record.timestamp_ns), Payload: payloads[from:to:to]}
	}
	return frames
}

// TryNextLite3 is TryNext for the message as Lite3.
func (t *Tail) TryNextLite3() (*Lite3Frame, error) {
	count, used, err := t.fill(context.Background(), C.PLSMGO_LITE3, 1, false)
	if err != nil || count == 0 {
		return nil, err
	}
	defer t.leave()
	return t.frames(count, used)[0], nil
}

// NextLite3 is Next for the message as Lite3. ErrUsage, with the seq: Lite3 cannot hold it; the next call goes on
// behind it.
func (t *Tail) NextLite3(ctx context.Context) (*Lite3Frame, error) {
	frames, err := t.nextFrames(ctx, 1)
	if err != nil {
		return nil, err
	}
	return frames[0], nil
}

// OpenLite3Stream is OpenStream for messages as Lite3.
func (p *Pool) OpenLite3Stream(sinceSeq, maxMessages, timeoutMs *uint64) (api.Lite3Stream, error) {
	tail, batch, err := p.openStream(sinceSeq, maxMessages, timeoutMs)
	if err != nil {
		return nil, err
	}
	return &Lite3Stream{prefetched[*Lite3Frame]{tail: tail, batch: batch, what: "Lite3 stream", next: (*Tail).nextFrames}}, nil
}

// Lite3Stream delivers messages as Lite3.
type Lite3Stream struct{ prefetched[*Lite3Frame] }

// Next waits for the next message; io.EOF means that there are no more. ErrUsage, with the seq: Lite3 cannot hold that
// message; the next call goes on with the one after.
func (s *Lite3Stream) Next() (*Lite3Frame, error) {
	if s == nil || s.tail == nil {
		return nil, closed("Lite3 stream")
	}
	return s.one()
}

// Close closes the stream; a call that waits ends with ErrClosed. Closing again, or a nil stream, does nothing.
func (s *Lite3Stream) Close() { _ = s.CloseErr() }

// CloseErr is Close, and tells ErrClosed when the stream was closed before.
func (s *Lite3Stream) CloseErr() error {
	if s == nil {
		return closed("Lite3 stream")
	}
	return s.tail.CloseErr()
}
