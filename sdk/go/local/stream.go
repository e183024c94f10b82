package local

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
)

// OpenStream opens a stream of messages as JSON: from sinceSeq, or the oldest message, until maxMessages were
// delivered, or timeoutMs milliseconds have passed from now on. Missing messages are passed over. The stream lives on
// when the pool is closed.
func (p *Pool) OpenStream(sinceSeq, maxMessages, timeoutMs *uint64) (api.Stream, error) {
	tail, batch, err := p.openStream(sinceSeq, maxMessages, timeoutMs)
	if err != nil {
		return nil, err
	}
	return &Stream{prefetched[*Message]{tail: tail, batch: batch, what: "stream", next: (*Tail).pointers}}, nil
}

// openStream tells also how many messages may be taken ahead: none when a message that is taken is to wait no longer
// than the time that is left.
func (p *Pool) openStream(sinceSeq, maxMessages, timeoutMs *uint64) (tail *Tail, batch int, err error) {
	options := TailOptions{SinceSeq: sinceSeq, MaxMessages: maxMessages}
	batch = mostMessages
	if timeoutMs != nil {
		batch = 1
		options.Within = time.Duration(math.MaxInt64)
		switch {
		case *timeoutMs == 0:
			options.Within = -1
		case *timeoutMs < uint64(options.Within/time.Millisecond):
			options.Within = time.Duration(*timeoutMs) * time.Millisecond
		}
	}
	tail, err = p.openTail(&options)
	return tail, batch, err
}

// prefetched hands out one by one what a tail delivers in batches.
type prefetched[M any] struct {
	tail  *Tail
	what  string
	next  taker[M]
	batch int

	mu      sync.Mutex
	waiting []M
}

func (s *prefetched[M]) one() (M, error) {
	var none M
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tail.closing.Load() {
		return none, closed(s.what)
	}
	if len(s.waiting) == 0 {
		var err error
		if s.waiting, err = s.next(s.tail, context.Background(), s.batch); err != nil {
			if s.tail.closing.Load() {
				err = closed(s.what)
			}
			return none, err
		}
	}
	first := s.waiting[0]
	s.waiting = s.waiting[1:]
	return first, nil
}

// Stream delivers messages as JSON.
type Stream struct{ prefetched[*Message] }

// NextJSON waits for the next message; io.EOF means that there are no more.
func (s *Stream) NextJSON() ([]byte, error) {
	if s == nil || s.tail == nil {
		return nil, closed("stream")
	}
	message, err := s.one()
	if err != nil {
		return nil, err
	}
	return message.Raw, nil
}

// Close closes the stream; a call that waits ends with ErrClosed. Closing again, or a nil stream, does nothing.
func (s *Stream) Close() { _ = s.CloseErr() }

// CloseErr is Close, and tells ErrClosed when the stream was closed before.
func (s *Stream) CloseErr() error {
	if s == nil {
		return closed("stream")
	}
	return s.tail.CloseErr()
}
