package tests

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// leaving are the ways in which a function can leave without returning, as t.FailNow does, say.
var leaving = map[string]func(){
	"panic":  func() { panic("leaving") },
	"Goexit": runtime.Goexit,
}

// left runs a call that leaves without returning, once, and checks that nothing kept it from that.
func left(t *testing.T, call func()) {
	t.Helper()
	returned, ended := false, make(chan any)
	go func() {
		var told any
		defer func() { ended <- told }()
		defer func() { told = recover() }()
		call()
		returned = true
	}()
	if told := <-ended; returned || told != nil && told != "leaving" {
		t.Fatalf("returned: %v, panic: %v", returned, told)
	}
}

// once is a function that leaves the first time, and counts.
func once(leave func(), times *int) func() {
	return func() {
		if *times++; *times == 1 {
			leave()
		}
	}
}

// gapped is a pool whose first messages are gone, and the seqs of the others.
func gapped(t *testing.T) (*plasmite.Pool, []uint64) {
	t.Helper()
	pool := newPool(t, plasmite.WithSize(65536))
	fill(t, pool, 2)
	overwrite(t, pool, 2)
	return pool, seqs(t, pool, plasmite.Snapshot())
}

func TestOnGapThatDoesNotReturn(t *testing.T) {
	ctx := limited(t)
	for how, leave := range leaving {
		for way, read := range map[string]func(*plasmite.Tail){
			"Next":         func(tail *plasmite.Tail) { tail.Next(ctx) },
			"NextBatch":    func(tail *plasmite.Tail) { tail.NextBatch(ctx, 0) },
			"TryNext":      func(tail *plasmite.Tail) { tail.TryNext() },
			"NextLite3":    func(tail *plasmite.Tail) { tail.NextLite3(ctx) },
			"TryNextLite3": func(tail *plasmite.Tail) { tail.TryNextLite3() },
			"Messages": func(tail *plasmite.Tail) {
				tail.Messages(ctx)(func(*plasmite.Message, error) bool { return false })
			},
		} {
			t.Run(way+" "+how, func(t *testing.T) {
				pool, want := gapped(t)
				gaps := 0
				tell := once(leave, &gaps)
				tail, err := pool.OpenTail(plasmite.FromSeq(1), plasmite.Snapshot(), plasmite.OnGap(func(plasmite.Gap) { tell() }))
				must(t, err)
				left(t, func() {
					defer tail.Stats() // the gate is free before this
					read(tail)
				})
				_, err = tail.Token()
				must(t, err)
				index, err := plasmite.WaitAny(ctx, tail)
				must(t, err)
				equal(t, "ready", index, 0)
				var got []uint64
				for message, err := tail.Next(ctx); err != io.EOF; message, err = tail.Next(ctx) {
					must(t, err)
					got = append(got, message.Seq)
				}
				equal(t, "each message once", slices.Equal(got, want), true)
				equal(t, "gaps told", gaps, 1)
				must(t, tail.CloseErr())
			})
		}
		for way, read := range map[string]func(*plasmite.Pool, plasmite.TailOption){
			"Messages of a pool": func(pool *plasmite.Pool, onGap plasmite.TailOption) {
				pool.Messages(ctx, plasmite.FromSeq(1), onGap)(func(*plasmite.Message, error) bool { return false })
			},
			"ReplayMessages": func(pool *plasmite.Pool, onGap plasmite.TailOption) {
				pool.ReplayMessages(ctx, 0, plasmite.FromSeq(1), onGap)(func(*plasmite.Message, error) bool { return false })
			},
			"Lines": func(pool *plasmite.Pool, onGap plasmite.TailOption) {
				lines, err := pool.Lines(ctx, plasmite.FromSeq(1), onGap)
				must(t, err)
				defer lines.Close()
				lines.Read(make([]byte, 100))
			},
		} {
			t.Run(way+" "+how, func(t *testing.T) {
				pool, _ := gapped(t)
				left(t, func() { read(pool, plasmite.OnGap(func(plasmite.Gap) { leave() })) })
			})
		}
	}
}

// The goroutines of the package: one that ends without returning says so, instead of leaving its readers alone.
func TestOnGapThatEndsAGoroutineOfThePackage(t *testing.T) {
	pool, _ := gapped(t)
	end := func(plasmite.Gap) { runtime.Goexit() }
	messages, failures := pool.Tail(limited(t), plasmite.TailOptions{Start: plasmite.FromSeq(1), OnGap: end})
	_, err := drained(t, messages, failures)
	fails(t, err, plasmite.ErrInvalidArgument)
	frames, failures := pool.TailLite3(limited(t), plasmite.TailOptions{Start: plasmite.FromSeq(1), OnGap: end})
	_, err = drained(t, frames, failures)
	fails(t, err, plasmite.ErrInvalidArgument)
	messages, failures = pool.Replay(limited(t), plasmite.ReplayOptions{Start: plasmite.FromSeq(1), OnGap: end})
	_, err = drained(t, messages, failures)
	fails(t, err, plasmite.ErrInvalidArgument)
}

// A panic there ends the program as any other does, and tells what it was.
func TestOnGapThatPanicsEndsTheProgram(t *testing.T) {
	pool, _ := gapped(t)
	for _, way := range []string{"panic-in-messages", "panic-in-tail", "panic-in-replay"} {
		command := helper(limited(t), way, pool.Path())
		var said bytes.Buffer
		command.Stderr = &said
		if err := command.Run(); err == nil || !strings.Contains(said.String(), "panic: leaving") {
			t.Fatalf("%s: %v, and said %q", way, err, said.String())
		}
	}
}

// panicOnGap is run in a helper process.
func panicOnGap(way string, pool *plasmite.Pool) {
	ctx := context.Background()
	onGap := func(plasmite.Gap) { panic("leaving") }
	switch way {
	case "panic-in-messages":
		pool.Messages(ctx, plasmite.FromSeq(1), plasmite.OnGap(onGap))(func(*plasmite.Message, error) bool { return false })
	case "panic-in-tail":
		pool.Tail(ctx, plasmite.TailOptions{Start: plasmite.FromSeq(1), OnGap: onGap})
	case "panic-in-replay":
		pool.Replay(ctx, plasmite.ReplayOptions{Start: plasmite.FromSeq(1), OnGap: onGap})
	}
	time.Sleep(time.Hour)
}

// strangeContext is a context of somebody else's making.
type strangeContext struct {
	context.Context
	done func()
}

func (c strangeContext) Done() <-chan struct{} {
	c.done()
	return c.Context.Done()
}

func TestContextsThatDoNotReturn(t *testing.T) {
	for how, leave := range leaving {
		t.Run(how, func(t *testing.T) {
			pool := newPool(t)
			tail, err := pool.OpenTail()
			must(t, err)
			defer tail.Close()
			other, err := pool.OpenTail(plasmite.FromNow())
			must(t, err)
			defer other.Close()
			strange := strangeContext{limited(t), leave}
			left(t, func() { tail.Next(strange) })
			for _, busy := range []*plasmite.Tail{tail, other} { // one of them is entered before the other
				waiting := make(chan error)
				ctx, cancel := context.WithCancel(limited(t))
				go func() {
					_, err := busy.Next(ctx)
					waiting <- err
				}()
				time.Sleep(5 * time.Millisecond) // it waits by now; when it does not, less is tried
				left(t, func() { plasmite.WaitAny(strange, tail, other) })
				cancel()
				equal(t, "error", <-waiting, context.Canceled)
			}
			fill(t, pool, 1)
			for _, each := range []*plasmite.Tail{tail, other} {
				message, err := each.Next(limited(t))
				must(t, err)
				equal(t, "seq", message.Seq, 1)
			}
		})
	}
}

// strangeHandler is a handler of log lines of somebody else's making.
type strangeHandler struct {
	slog.Handler
	handle func()
}

func (h strangeHandler) Handle(context.Context, slog.Record) error {
	h.handle()
	return nil
}

// The library, which calls it in the middle of an append, goes on.
func TestLoggerThatDoesNotReturn(t *testing.T) {
	for how, leave := range leaving {
		t.Run(how, func(t *testing.T) {
			pool := newPool(t)
			fill(t, pool, 1)
			must(t, helper(limited(t), "die-writing", pool.Path()).Run())
			said, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
			must(t, err)
			defer said.Close()
			lines, stderr := 0, os.Stderr
			os.Stderr = said
			plasmite.SetLogger(slog.New(strangeHandler{slog.Default().Handler(), func() { lines++; leave() }}))
			receipt, err := pool.AppendContext(limited(t), 1)
			plasmite.SetLogger(nil)
			os.Stderr = stderr
			must(t, err)
			equal(t, "seq", receipt.Seq, 2)
			equal(t, "lines", lines, 1)
			text, err := os.ReadFile(said.Name())
			must(t, err)
			equal(t, "the panic is told", strings.Contains(string(text), "the logger panicked: leaving"), how == "panic")
			fill(t, pool, 1) // nothing is locked
			must(t, pool.CloseErr())
		})
	}
}

func TestOnBadThatDoesNotReturn(t *testing.T) {
	for how, leave := range leaving {
		t.Run(how, func(t *testing.T) {
			pool := newPool(t)
			bad := 0
			tell := once(leave, &bad)
			writer, err := pool.NewWriter(plasmite.WriterOptions{OnBad: func(plasmite.BadRecord) { tell() }})
			must(t, err)
			left(t, func() { writer.Write([]byte("1\nno\n2\nno\n3\n")) })
			equal(t, "written before it", writer.Written(), 1)
			must(t, writer.Flush())
			equal(t, "written", writer.Written(), 3)
			equal(t, "bad records", bad, 2)
			_, err = writer.Write([]byte("[4]\n[5"))
			must(t, err)
			bad = 0
			left(t, func() { writer.Close() })
			must(t, writer.Close())
			fails(t, writer.Close(), plasmite.ErrClosed)
			equal(t, "messages", fmt.Sprint(seqs(t, pool, plasmite.Snapshot())), "[1 2 3 4]")
		})
	}
}

// strangeValue is what encoding/json calls.
type strangeValue struct{ leave func() }

func (v strangeValue) MarshalJSON() ([]byte, error) {
	v.leave()
	return nil, nil
}

func (v strangeValue) Write([]byte) (int, error) {
	v.leave()
	return 0, nil
}

func TestValuesAndWritersThatDoNotReturn(t *testing.T) {
	for how, leave := range leaving {
		t.Run(how, func(t *testing.T) {
			pool := newPool(t)
			strange := strangeValue{leave}
			left(t, func() { pool.Append(strange, nil) })
			left(t, func() { pool.AppendContext(limited(t), strange) })
			left(t, func() { pool.AppendMany(limited(t), []plasmite.Item{{Value: 1}, {Value: strange}}) })
			fill(t, pool, 2)
			lines, err := pool.DataLines(limited(t), plasmite.Snapshot())
			must(t, err)
			left(t, func() { lines.WriteTo(strange) })
			var text bytes.Buffer
			_, err = lines.WriteTo(&text)
			must(t, err)
			equal(t, "what was not written", text.String(), "{\"n\":1}\n{\"n\":2}\n")
			must(t, lines.Close())
			must(t, pool.CloseErr())
		})
	}
}

// It may use the client meanwhile, and close it.
func TestOnProgressUsesTheClient(t *testing.T) {
	for how, leave := range leaving {
		t.Run(how, func(t *testing.T) {
			client := newClient(t)
			pool, err := client.Create("p")
			must(t, err)
			defer pool.Close()
			progress := func(report func()) plasmite.ValidateOptions {
				return plasmite.ValidateOptions{OnProgress: func(plasmite.Progress) { report() }}
			}
			left(t, func() { client.Validate(limited(t), "p", progress(leave)) })
			left(t, func() { client.ValidateAll(limited(t), progress(leave)) })
			report, err := client.Validate(limited(t), "p", progress(client.Close))
			must(t, err)
			equal(t, "in order", report.OK(), true)
			_, err = client.List()
			fails(t, err, plasmite.ErrClosed)
		})
	}
}
