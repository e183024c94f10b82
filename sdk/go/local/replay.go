package local

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
)

// Replay delivers messages with the gaps between them that there were when they were written, divided by the speed. It
// takes up what is written within options.Timeout of its start, whatever the times of these messages, reads while it
// replays, and ends behind the message that is the newest then; messages that were overwritten meanwhile are passed
// over. A server that is away then is asked again until it answers. Where the context ends or the pool is closed while
// a request is on its way, that is waited for (see WithRequestTimeout). The channels are as those of Tail.
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
	speed := options.Speed
	if speed <= 0 {
		speed = 1
	}
	clock, err := newReplayClock(speed)
	if err != nil {
		return err
	}
	defer clock.free()
	wanted := TailOptions{
		SinceSeq: options.SinceSeq, MaxMessages: options.MaxMessages, Start: options.Start,
		Tags: options.Tags, Where: options.Where, OnGap: options.OnGap,
	}
	tail, err := p.openRunning(&wanted)
	if err != nil {
		return err
	}
	defer tail.Close()
	// Not before it is open, which a server may take its time for: the last few are those of then.
	cutoff := p.cutoffAfter(ctx, max(window, time.Millisecond))
	defer cutoff.stop()
	given, err := clock.replay(ctx, cutoff.open, tail, give)
	if err != context.Canceled || ctx.Err() != nil {
		return err
	}
	if err := cutoff.wait(ctx, tail); err != nil {
		return err
	}
	rest, err := p.openRest(ctx, tail, wanted, given, cutoff.newest)
	if err != nil {
		return err
	}
	defer rest.Close()
	_, err = clock.replay(ctx, ctx, rest, give)
	return err
}

// openRest opens a tail that goes on where another one stands, which it closes, and ends with a seq; io.EOF when nothing
// is left. Of a server some may still be on its way: only a tail that ends by itself tells that it was all.
func (p *Pool) openRest(ctx context.Context, tail *Tail, wanted TailOptions, given, last uint64) (rest *Tail, err error) {
	// First: the tail does not stand at the last few that match before it has found them.
	token, err := tail.token(ctx)
	if err == nil {
		err = tail.interruption(ctx)
	}
	if err != nil {
		return nil, err
	}
	stands, err := tail.Stats()
	if err != nil {
		return nil, err
	}
	if stands.NextSeq > last {
		return nil, io.EOF
	}
	tail.Close()
	wanted.SinceSeq, wanted.Start, wanted.UntilSeq = nil, FromToken(token), &last
	if wanted.MaxMessages != nil {
		left := *wanted.MaxMessages - given
		wanted.MaxMessages = &left
	}
	err = p.persist(ctx, func() error {
		rest, err = p.openRunning(&wanted)
		return err
	})
	return rest, err
}

// Between requests to a server that is away: at first, and at most. As tails do.
const shortestPause, longestPause = 100 * time.Millisecond, 5 * time.Second

// persist repeats a request while the server is away, until the context ends or the pool is closed: tails outlast that,
// too.
func (p *Pool) persist(ctx context.Context, request func() error) error {
	remote := strings.Contains(p.Path(), "://")
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := request()
		if !remote || !errors.Is(err, ErrIO) && !errors.Is(err, ErrBusy) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-p.closing: // as the next request tells
		}
		timer.Stop()
	}
}

// cutoff is the end of the time within which a replay takes messages up.
type cutoff struct {
	open   context.Context // ends then, or with the replay's
	stop   func()          // ends what goes on, and waits for a request that is on its way
	known  chan struct{}   // closed when all below is
	newest uint64
	err    error
}

// cutoffAfter has the newest seq looked up at that time, however long the replay sleeps or is held up.
func (p *Pool) cutoffAfter(ctx context.Context, window time.Duration) *cutoff {
	open, shut := context.WithCancel(ctx)
	wanted, giveUp := context.WithCancel(ctx)
	c := &cutoff{open: open, known: make(chan struct{})}
	timer := time.AfterFunc(window, func() {
		defer close(c.known)
		shut() // first: what is taken by then is surely no newer
		c.err = p.persist(wanted, func() error {
			bounds, err := p.Bounds()
			c.newest = bounds.Newest
			return err
		})
	})
	c.stop = func() {
		shut()
		giveUp()
		if !timer.Stop() {
			<-c.known
		}
	}
	return c
}

// wait waits until the newest seq is known.
func (c *cutoff) wait(ctx context.Context, tail *Tail) error {
	select {
	case <-c.known:
		return c.err
	case <-ctx.Done():
		return ctx.Err()
	case <-tail.stopped:
		return tail.closedError()
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

// replay gives what a tail delivers until a context ends, each message when it is due, and tells how many it gave.
func (c *replayClock) replay(ctx, open context.Context, tail *Tail, give func(*Tail, *Message) error) (given uint64, err error) {
	for {
		batch, err := tail.NextBatch(open, 0)
		if err != nil {
			return given, err
		}
		for i := range batch {
			if err := c.wait(ctx, tail, &batch[i]); err != nil {
				return given, err
			}
			if err := give(tail, &batch[i]); err != nil {
				return given, err
			}
			given++
		}
	}
}

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
