package local

import (
	"context"
	"errors"
	"io"

	"github.com/sandover/plasmite/bindings/go/api"
)

const usualBuffer = 64

// Tail delivers messages on a channel until the context ends, the pool is closed or the options say so. An error
// comes on the second channel, which holds one, before both are closed. A full channel holds the reading up. Read to
// the end or end the context, so that the goroutine behind it ends.
func (p *Pool) Tail(ctx context.Context, options TailOptions) (<-chan *api.Message, <-chan error) {
	return deliver(ctx, p, &options, (*Tail).pointers)
}

// pointers is NextBatch with a pointer to each message.
func (t *Tail) pointers(ctx context.Context, limit int) ([]*Message, error) {
	batch, err := t.NextBatch(ctx, limit)
	pointers := make([]*Message, len(batch))
	for i := range batch {
		pointers[i] = &batch[i]
	}
	return pointers, err
}

// taker takes up to a number of messages from a tail, as NextBatch does.
type taker[M any] func(tail *Tail, ctx context.Context, limit int) ([]M, error)

// deliver runs a tail in a goroutine of its own. It is opened here, so that it starts where the pool stands now.
func deliver[M any](ctx context.Context, p *Pool, options *TailOptions, next taker[M]) (<-chan M, <-chan error) {
	buffer := options.Buffer
	if buffer <= 0 {
		buffer = usualBuffer
	}
	out, failures := make(chan M, buffer), make(chan error, 1)
	finish := func(err error) {
		if err != nil && err != io.EOF {
			failures <- err
		}
		close(out)
		close(failures)
	}
	if err := alive(ctx); err != nil {
		finish(err)
		return out, failures
	}
	tail, err := p.openRunning(options)
	if err != nil {
		finish(err)
		return out, failures
	}
	go func() {
		err := endedInside()
		defer func() {
			tail.Close()
			finish(err)
		}()
		err = pump(ctx, tail, out, next)
	}()
	return out, failures
}

// endedInside is the error of a goroutine of this package that code of others ended: without it, whoever reads the
// channels would wait for ever.
func endedInside() error {
	return invalid("OnGap or the context ended the goroutine that reads (runtime.Goexit)")
}

// pump sends what a tail delivers, until its end. Gaps that no function wants to know of are passed over.
func pump[M any](ctx context.Context, tail *Tail, out chan<- M, next taker[M]) error {
	for {
		messages, err := next(tail, ctx, 0)
		var gap *Gap
		if errors.As(err, &gap) {
			continue
		}
		if err == nil {
			err = send(ctx, tail, out, messages)
		}
		if err != nil {
			return err
		}
	}
}

func send[M any](ctx context.Context, tail *Tail, out chan<- M, messages []M) error {
	for _, message := range messages {
		select {
		case out <- message:
		case <-ctx.Done():
			return ctx.Err()
		case <-tail.stopped:
			return tail.closedError()
		}
	}
	return nil
}
