package local

import (
	"context"
	"io"

	"github.com/sandover/plasmite/bindings/go/api"
)

// Messages delivers the messages of the pool: from the oldest on, then waiting for more, unless the options say
// otherwise. The loop ends with the tail; an error (ctx.Err() among them) comes as the last pair. Under GapEvent
// without an OnGap a *Gap comes as the error of a pair of its own, and the loop may go on.
//
//	for message, err := range pool.Messages(ctx, plasmite.FromNow(), plasmite.WithTags("alarm")) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(message.Seq, string(message.Data))
//	}
func (p *Pool) Messages(ctx context.Context, opts ...TailOption) MessageSeq {
	return func(yield func(*Message, error) bool) {
		options := api.ApplyTailOptions(opts...)
		tail, err := p.openRunning(&options)
		if err != nil {
			yield(nil, err)
			return
		}
		defer tail.Close()
		tail.yieldAll(ctx, yield)
	}
}

func (t *Tail) yieldAll(ctx context.Context, yield func(*Message, error) bool) {
	for {
		batch, err := t.NextBatch(ctx, 0)
		for i := range batch {
			if err := t.interruption(ctx); err != nil {
				yield(nil, err)
				return
			}
			if !yield(&batch[i], nil) {
				return
			}
		}
		if err == nil {
			continue
		}
		if err == io.EOF {
			return
		}
		if _, isGap := err.(*Gap); !yield(nil, err) || !isGap {
			return
		}
	}
}

// Range delivers the messages from one seq to another that are there, both included: backwards when the first is the
// larger. It never waits.
func (p *Pool) Range(ctx context.Context, first, last uint64) MessageSeq {
	options := TailOptions{Start: FromSeq(first), UntilSeq: &last, Snapshot: true}
	if first > last {
		options.Snapshot, options.Backwards = false, true
	}
	return p.Messages(ctx, options)
}

// Messages delivers the messages of the tail one by one, from where it stands. Leaving the loop leaves the tail behind
// the last message that was delivered. Errors are those of Next; io.EOF ends the loop.
func (t *Tail) Messages(ctx context.Context) MessageSeq {
	return func(yield func(*Message, error) bool) {
		for {
			message, err := t.Next(ctx)
			if err == io.EOF {
				return
			}
			_, isGap := err.(*Gap)
			if !yield(message, err) || err != nil && !isGap {
				return
			}
		}
	}
}

// ReplayMessages delivers messages as Messages does, with the gaps between them that there were when they were written,
// divided by speed: 1 keeps them, 10 makes them a tenth, 0 leaves them out. ErrUsage: the speed is negative, infinite or
// not a number. What is overwritten while it waits is missing, as in any tail.
func (p *Pool) ReplayMessages(ctx context.Context, speed float64, opts ...TailOption) MessageSeq {
	return func(yield func(*Message, error) bool) {
		options := api.ApplyTailOptions(opts...)
		clock, err := newReplayClock(speed)
		if err != nil {
			yield(nil, err)
			return
		}
		defer clock.free()
		tail, err := p.openRunning(&options)
		if err != nil {
			yield(nil, err)
			return
		}
		defer tail.Close()
		tail.yieldAll(ctx, func(message *Message, err error) bool {
			if err != nil {
				return yield(nil, err)
			}
			if err := clock.wait(ctx, tail, message); err != nil {
				yield(nil, err)
				return false
			}
			return yield(message, nil)
		})
	}
}
