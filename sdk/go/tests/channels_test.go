package tests

import (
	"context"
	"testing"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// drained reads both channels until they are closed.
func drained[M any](t *testing.T, out <-chan M, failures <-chan error) (read []M, err error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for out != nil || failures != nil {
		select {
		case message, open := <-out:
			if !open {
				out = nil
				continue
			}
			read = append(read, message)
		case failure, open := <-failures:
			if !open {
				failures = nil
				continue
			}
			err = failure
		case <-deadline:
			t.Fatal("the channels stay open")
		}
	}
	return read, err
}

func TestTailOnAChannel(t *testing.T) {
	pool := newPool(t)
	ctx, cancel := context.WithCancel(limited(t))
	out, failures := pool.Tail(ctx, plasmite.TailOptions{Tags: []string{"a"}, Timeout: time.Nanosecond})
	for i := range 200 {
		tags := []string{"b"}
		if i%2 == 0 {
			tags = []string{"a"}
		}
		_, err := pool.Append(i, tags)
		must(t, err)
	}
	for i := range 100 {
		equal(t, "seq", (<-out).Seq, uint64(2*i+1))
	}
	cancel()
	_, err := drained(t, out, failures)
	equal(t, "error", err, context.Canceled)

	out, failures = pool.Tail(limited(t), plasmite.TailOptions{MaxMessages: pointer(uint64(3)), Buffer: 1})
	read, err := drained(t, out, failures)
	must(t, err)
	equal(t, "messages", len(read), 3)
}

func TestAFullChannelHoldsBackAndEnds(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 500)
	ctx, cancel := context.WithCancel(limited(t))
	out, failures := pool.Tail(ctx, plasmite.TailOptions{Buffer: 2})
	<-out
	cancel() // while the goroutine waits for room
	for range out {
	}
	equal(t, "error", <-failures, context.Canceled)
}

func TestClosingAPoolEndsItsTails(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 1)
	out, failures := pool.Tail(limited(t), plasmite.TailOptions{})
	<-out
	frames, lite3Failures := pool.TailLite3(limited(t), plasmite.TailOptions{})
	<-frames
	replayed, replayFailures := pool.Replay(limited(t), plasmite.ReplayOptions{Timeout: time.Hour})
	<-replayed
	pool.Close()
	_, err := drained(t, out, failures)
	fails(t, err, plasmite.ErrClosed)
	_, err = drained(t, frames, lite3Failures)
	fails(t, err, plasmite.ErrClosed)
	_, err = drained(t, replayed, replayFailures)
	fails(t, err, plasmite.ErrClosed)
	out, failures = pool.Tail(limited(t), plasmite.TailOptions{})
	_, err = drained(t, out, failures)
	fails(t, err, plasmite.ErrClosed)
}

func TestGapOnAChannel(t *testing.T) {
	pool := newPool(t, plasmite.WithSize(65536))
	fill(t, pool, 1)
	overwrite(t, pool, 1)
	out, failures := pool.Tail(limited(t), plasmite.TailOptions{SinceSeq: pointer(uint64(1)), ErrorOnGap: true})
	read, err := drained(t, out, failures)
	equal(t, "messages before the gap", len(read), 0)
	equal(t, "first missing", *fails(t, err, plasmite.ErrRetentionGap).Seq, 1)
	out, failures = pool.Tail(limited(t), plasmite.TailOptions{SinceSeq: pointer(uint64(1)), MaxMessages: pointer(uint64(1)), Gaps: plasmite.GapEvent})
	read, err = drained(t, out, failures)
	must(t, err)
	equal(t, "messages", len(read), 1)
}

func TestReplay(t *testing.T) {
	pool := newPool(t)
	start := time.Now()
	for i, at := range []time.Duration{0, 40 * time.Millisecond, 80 * time.Millisecond} {
		tags := []string{"x"}
		if i == 1 {
			tags = nil
		}
		_, err := pool.Append(i, tags, api.WithTime(start.Add(at)))
		must(t, err)
	}
	began := time.Now()
	out, failures := pool.Replay(limited(t), plasmite.ReplayOptions{Speed: 2, MaxMessages: pointer(uint64(3))})
	read, err := drained(t, out, failures)
	must(t, err)
	equal(t, "messages", len(read), 3)
	if took := time.Since(began); took < 40*time.Millisecond {
		t.Fatalf("the gaps were not kept: %v", took)
	}
	out, failures = pool.Replay(limited(t), plasmite.ReplayOptions{Speed: 1000, Tags: []string{"x"}, Timeout: 100 * time.Millisecond})
	read, err = drained(t, out, failures)
	must(t, err)
	equal(t, "tagged messages until the time is up", len(read), 2)

	ctx, cancel := context.WithCancel(limited(t))
	out, failures = pool.Replay(ctx, plasmite.ReplayOptions{Speed: 1e-9})
	<-out // the next one is years away
	cancel()
	_, err = drained(t, out, failures)
	equal(t, "error", err, context.Canceled)
	for _, options := range []plasmite.ReplayOptions{{Speed: nan()}, {Timeout: -1}} {
		out, failures = pool.Replay(limited(t), options)
		_, err = drained(t, out, failures)
		fails(t, err, plasmite.ErrUsage)
	}
}
