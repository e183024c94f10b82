package local

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
)

// Replay delivers messages with the gaps between them that there were when they were written, divided by the speed. It
// takes up what is written within options.Timeout of the call, reads while it replays, and then ends; messages that
// were overwritten meanwhile are passed over. The channels are as those of Tail.
func (p *Pool) Replay(ctx context.Context, options ReplayOptions) (<-chan *api.Message, <-chan error) {
	out, failures := make(chan *api.Message, usualBuffer), make(chan error, 1)
	go func() {
		err := endedInside()
		defer func() {
			if err != nil && err != io.EOF {
				failures <- err
			}
			close(out)
			close(failures)
		}()
		err = p.replay(ctx, &options, func(tail *Tail, message *Message) error {
			return send(ctx, tail, out, []*Message{message})
		})
	}()
	return out, failures
}

// replay gives each message to a function when it is due. Ends with io.EOF, or an error.
func (p *Pool) replay(ctx context.Context, options *ReplayOptions, give func(*Tail, *Message) error) error {
	if err := alive(ctx); err != nil {
		return err
	}
	window := options.Timeout
	if window == 0 {
		window = time.Second
	}
	if window < 0 {
		return invalid("Timeout is negative")
	}
	until := time.Now().Add(max(window, time.Millisecond))
	speed := options.Speed
	if speed <= 0 {
		speed = 1
	}
	clock, err := newReplayClock(speed)
	if err != nil {
		return err
	}
	defer clock.free()
	tail, err := p.openRunning(&TailOptions{
		SinceSeq: options.SinceSeq, MaxMessages: options.MaxMessages, Start: options.Start,
		Tags: options.Tags, Where: options.Where, OnGap: options.OnGap,
	})
	if err != nil {
		return err
	}
	defer tail.Close()
	for {
		batch, err := tail.nextWritten(ctx, until)
		if err != nil {
			return err
		}
		for i := range batch {
			if batch[i].Time.After(until) {
				return io.EOF
			}
			if err := clock.wait(ctx, tail, &batch[i]); err != nil {
				return err
			}
			if err := give(tail, &batch[i]); err != nil {
				return err
			}
		}
	}
}

// replayClock tells when messages are due.
type replayClock struct{ clock *C.plsm_replay_t }

func newReplayClock(speed float64) (*replayClock, error) {
	var clock *C.plsm_replay_t
	var failure *C.plsm_error_t
	err := checked(C.plsm_replay_new(C.double(speed), &clock, &failure), failure)
	return &replayClock{clock}, err
}

func (c *replayClock) free() { C.plsm_replay_free(c.clock) }

// wait sleeps until a message is due.
func (c *replayClock) wait(ctx context.Context, tail *Tail, message *Message) error {
	ns, _ := api.Nanoseconds(message.Time)
	var wait C.uint64_t
	var failure *C.plsm_error_t
	if err := checked(C.plsm_replay_schedule(c.clock, C.uint64_t(ns), &wait, &failure), failure); err != nil {
		return err
	}
	return tail.sleep(ctx, uint64(wait))
}

// nextWritten is NextBatch that waits until a time only; io.EOF when that has come.
func (t *Tail) nextWritten(ctx context.Context, until time.Time) ([]Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	count, used, err := t.fill(ctx, C.PLSMGO_ENVELOPE, mostMessages, false)
	if err != nil {
		return nil, err
	}
	if count != 0 {
		defer t.leave()
		messages := make([]Message, count)
		return messages, messagesOf(messages, t.records[:count], t.text[:used])
	}
	limited, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	messages, err := t.NextBatch(limited, 0)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, io.EOF
	}
	return messages, err
}

// sleep waits for so many ns, or for the end of the context or the pool.
func (t *Tail) sleep(ctx context.Context, ns uint64) error {
	if ns == 0 {
		return t.interruption(ctx)
	}
	const longest = uint64(1<<63 - 1)
	timer := time.NewTimer(time.Duration(min(ns, longest)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.stopped:
		return t.closedError()
	}
}

// interruption is the error of a context or pool that has ended, or nil.
func (t *Tail) interruption(ctx context.Context) error {
	if t.closing.Load() {
		return t.closedError()
	}
	return ctx.Err()
}
