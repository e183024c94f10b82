//go:build go1.23

package local

import (
	"context"
	"io"
	"iter"

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
func (p *Pool) Messages(ctx context.Context, opts ...TailOption) iter.Seq2[*Message, error] {
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
func (p *Pool) Range(ctx context.Context, first, last uint64) iter.Seq2[*Message, error] {
	options := TailOptions{Start: FromSeq(first), UntilSeq: &last, Snapshot: true}
	if first > last {
		options.Snapshot, options.Backwards = false, true
	}
	return p.Messages(ctx, options)
}

// Messages delivers the messages of the tail one by one, from where it stands. Leaving the loop leaves the tail behind
// the last message that was delivered. Errors are those of Next; io.EOF ends the loop.
func (t *Tail) Messages(ctx context.Context) iter.Seq2[*Message, error] {
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

// ReplayMessages is Replay as a loop. An error comes as the last pair.
func (p *Pool) ReplayMessages(ctx context.Context, options ReplayOptions) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		left := false
		err := p.replay(ctx, &options, func(_ *Tail, message *Message) error {
			if left = !yield(message, nil); left {
				return io.EOF
			}
			return nil
		})
		if !left && err != io.EOF {
			yield(nil, err)
		}
	}
}
