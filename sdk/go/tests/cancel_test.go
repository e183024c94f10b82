package tests

import (
	"context"
	"sync"
	"testing"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

func TestContextEndsAWait(t *testing.T) {
	pool := newPool(t)
	tail, err := pool.OpenTail()
	must(t, err)
	defer tail.Close()
	for range 100 {
		ctx, cancel := context.WithCancel(limited(t))
		done := make(chan error)
		go func() {
			_, err := tail.Next(ctx)
			done <- err
		}()
		cancel()
		equal(t, "error", <-done, context.Canceled)
	}
	ctx, cancel := context.WithTimeout(limited(t), 10*time.Millisecond)
	defer cancel()
	_, err = tail.Next(ctx)
	equal(t, "error", err, context.DeadlineExceeded)
	fill(t, pool, 1)
	message, err := tail.Next(limited(t)) // nothing was lost
	must(t, err)
	equal(t, "seq", message.Seq, 1)
}

// A filter that passes nothing has a whole backlog to look through.
func TestContextEndsASearch(t *testing.T) {
	const many = 5000
	pool := newPool(t)
	fill(t, pool, many)
	for name, start := range map[string]plasmite.Start{"forwards": plasmite.FromOldest(), "for the last": plasmite.FromLast(2)} {
		tail, err := pool.OpenTail(start, plasmite.Where("[range(3000)] | add == 0"))
		must(t, err)
		defer tail.Close()
		ctx, cancel := context.WithTimeout(limited(t), 20*time.Millisecond)
		defer cancel()
		_, err = tail.Next(ctx)
		equal(t, name, err, context.DeadlineExceeded)
		if start == plasmite.FromOldest() {
			stats, err := tail.Stats()
			must(t, err)
			if stats.NextSeq > many {
				t.Fatal("it looked through all of them first")
			}
		}
	}
}

// Contexts that end at any moment of a wait lose no message and leave no cancel behind.
func TestContextsRaceWithMessages(t *testing.T) {
	pool := newPool(t)
	tail, err := pool.OpenTail()
	must(t, err)
	defer tail.Close()
	const messages = 300
	go func() {
		for i := range messages {
			if _, err := pool.AppendContext(context.Background(), i); err != nil {
				t.Error(err)
			}
			time.Sleep(20 * time.Microsecond)
		}
	}()
	watchdog := limited(t)
	for next := uint64(1); next <= messages; {
		ctx, cancel := context.WithTimeout(watchdog, time.Duration(1+next%5)*10*time.Microsecond)
		message, err := tail.Next(ctx)
		cancel()
		switch {
		case err == nil:
			equal(t, "seq", message.Seq, next)
			next++
		case watchdog.Err() != nil:
			t.Fatal("a message was lost")
		default:
			equal(t, "error", err, context.DeadlineExceeded)
		}
	}
}

func TestCancelAndReset(t *testing.T) {
	pool := newPool(t)
	tail, err := pool.OpenTail()
	must(t, err)
	defer tail.Close()
	done := make(chan error)
	go func() {
		_, err := tail.Next(limited(t))
		done <- err
	}()
	tail.Cancel()
	equal(t, "error", <-done, plasmite.ErrCancelled)
	fill(t, pool, 1)
	_, err = tail.Next(limited(t))
	equal(t, "error", err, plasmite.ErrCancelled)
	tail.ResetCancel()
	tail.ResetCancel()
	_, err = tail.Next(limited(t))
	must(t, err)
}

func TestCloseEndsAWait(t *testing.T) {
	pool := newPool(t)
	tail, err := pool.OpenTail()
	must(t, err)
	stream, err := pool.OpenStream(nil, nil, nil)
	must(t, err)
	frames, err := pool.OpenLite3Stream(nil, nil, nil)
	must(t, err)
	lines, err := pool.Lines(context.Background())
	must(t, err)
	var group sync.WaitGroup
	wait := func(call func() error) {
		group.Add(1)
		go func() {
			defer group.Done()
			fails(t, call(), plasmite.ErrClosed)
		}()
	}
	for range 3 { // several share the tail
		wait(func() error { _, err := tail.Next(context.Background()); return err })
	}
	wait(func() error { _, err := stream.NextJSON(); return err })
	wait(func() error { _, err := frames.Next(); return err })
	wait(func() error { _, err := lines.Read(make([]byte, 10)); return err })
	other, err := pool.OpenTail()
	must(t, err)
	wait(func() error { _, err := plasmite.WaitAny(context.Background(), other); return err })
	time.Sleep(10 * time.Millisecond) // most of them wait by now; those that do not find it closed
	tail.Close()
	stream.Close()
	frames.Close()
	must(t, lines.Close())
	other.Close()
	group.Wait()
	fails(t, tail.CloseErr(), plasmite.ErrClosed)
	fails(t, lines.Close(), plasmite.ErrClosed)
}

// One handle, many goroutines: for the race detector.
func TestSharedHandles(t *testing.T) {
	pool := newPool(t)
	tail, err := pool.OpenTail(plasmite.Limit(400))
	must(t, err)
	defer tail.Close()
	var group sync.WaitGroup
	var mu sync.Mutex
	seen := map[uint64]bool{}
	for worker := range 4 {
		group.Add(2)
		go func() {
			defer group.Done()
			for i := range 100 {
				message, err := pool.Append(map[string]int{"worker": worker, "i": i}, []string{"t"})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := pool.Get(message.Seq); err != nil {
					t.Error(err)
				}
			}
		}()
		go func() {
			defer group.Done()
			for {
				message, err := tail.Next(limited(t))
				if err != nil {
					return
				}
				mu.Lock()
				if seen[message.Seq] {
					t.Errorf("message %d came twice", message.Seq)
				}
				seen[message.Seq] = true
				mu.Unlock()
			}
		}()
	}
	group.Wait()
	equal(t, "messages", len(seen), 400)
}
