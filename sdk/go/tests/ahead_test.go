package tests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// What a batch takes behind its messages is told by the next call: a place that the library has passed already, and
// that neither a token nor a wait may pass.

const badAt = `if .data.n == "bad" then "no answer" else true end`

// holed is a pool of a directory with the messages 1 to 20, of which 5 and 6 are lost, and at 12 and 13 badAt fails. The
// text of some does not fit what a batch has room for.
func holed(t *testing.T, dir string) *plasmite.Pool {
	t.Helper()
	client, err := plasmite.NewClient(dir)
	must(t, err)
	defer client.Close()
	pool, err := client.Create("damaged", plasmite.WithSize(1<<20))
	must(t, err)
	for n := 1; n <= 20; n++ {
		value := map[string]any{"n": n, "text": fmt.Sprintf("message-%02d", n)}
		if n%6 == 3 {
			value["more"] = strings.Repeat("\x01", n*1000)
		}
		if n == 12 || n == 13 {
			value["n"] = "bad"
		}
		_, err := pool.AppendContext(limited(t), value, plasmite.WithTags([]string{"even", "odd"}[n%2]))
		must(t, err)
	}
	path := pool.Path()
	pool.Close()
	spoil(t, path, "message-05", "message-06")
	_, err = client.Salvage("damaged", "holed")
	must(t, err)
	pool, err = client.Open("holed")
	must(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// places are the pool here, and the same one of a server.
func places(t *testing.T) map[string]*plasmite.Pool {
	t.Helper()
	on := serve(t, "http")
	here := holed(t, on.pools)
	there, err := remote(t, on.url).Open("holed")
	must(t, err)
	t.Cleanup(there.Close)
	return map[string]*plasmite.Pool{"here": here, "there": there}
}

// told is what a call of a tail has said, but for messages: a gap, an error with its seq, or nothing. False at the end.
func told(t *testing.T, err error) (string, bool) {
	t.Helper()
	var gap *plasmite.Gap
	var failure *plasmite.Error
	switch {
	case err == nil:
		return "", true
	case err == io.EOF:
		return "", false
	case errors.As(err, &gap):
		return fmt.Sprintf("gap %d-%d", gap.First, gap.Last), true
	case errors.As(err, &failure) && failure.Seq != nil:
		return fmt.Sprintf("error %d", *failure.Seq), !errors.Is(err, plasmite.ErrRetentionGap)
	}
	t.Fatal(err)
	return "", false
}

// rest is all that a tail still says, one by one.
func rest(t *testing.T, pool *plasmite.Pool, opts ...plasmite.TailOption) (said []string) {
	t.Helper()
	tail, err := pool.OpenTail(opts...)
	must(t, err)
	defer tail.Close()
	for {
		message, err := tail.Next(limited(t))
		other, more := told(t, err)
		if message != nil {
			said = append(said, fmt.Sprint(message.Seq))
		} else if other != "" {
			said = append(said, other)
		}
		if !more {
			return said
		}
	}
}

// ways of reading: each call gives seqs, or an error.
func ways(ctx context.Context) map[string]func(*plasmite.Tail) ([]uint64, error) {
	batch := func(limit int) func(*plasmite.Tail) ([]uint64, error) {
		return func(tail *plasmite.Tail) (seqs []uint64, err error) {
			messages, err := tail.NextBatch(ctx, limit)
			for i := range messages {
				seqs = append(seqs, messages[i].Seq)
			}
			return seqs, err
		}
	}
	one := func(message *plasmite.Message, err error) ([]uint64, error) {
		if message == nil {
			return nil, err
		}
		return []uint64{message.Seq}, err
	}
	oneLite3 := func(frame *plasmite.Lite3Frame, err error) ([]uint64, error) {
		if frame == nil {
			return nil, err
		}
		return []uint64{frame.Seq}, err
	}
	calls := 0
	ways := map[string]func(*plasmite.Tail) ([]uint64, error){
		"Next":           func(tail *plasmite.Tail) ([]uint64, error) { return one(tail.Next(ctx)) },
		"NextBatch":      batch(0),
		"NextBatch of 3": batch(3),
		"NextLite3":      func(tail *plasmite.Tail) ([]uint64, error) { return oneLite3(tail.NextLite3(ctx)) },
		"TryNext": func(tail *plasmite.Tail) (seqs []uint64, err error) {
			for seqs, err = one(tail.TryNext()); seqs == nil && err == nil; seqs, err = one(tail.TryNext()) {
				plasmite.WaitAny(ctx, tail)
			}
			return seqs, err
		},
		"TryNextLite3": func(tail *plasmite.Tail) (seqs []uint64, err error) {
			for seqs, err = oneLite3(tail.TryNextLite3()); seqs == nil && err == nil; seqs, err = oneLite3(tail.TryNextLite3()) {
				plasmite.WaitAny(ctx, tail)
			}
			return seqs, err
		},
		"Messages": func(tail *plasmite.Tail) (seqs []uint64, err error) {
			err = io.EOF // when the loop ends before its body
			tail.Messages(ctx)(func(message *plasmite.Message, failure error) bool {
				seqs, err = one(message, failure)
				return false
			})
			return seqs, err
		},
	}
	ways["all in turn"] = func(tail *plasmite.Tail) ([]uint64, error) {
		calls++
		return ways[[]string{"NextBatch of 3", "TryNextLite3", "Messages", "NextBatch of 3", "NextLite3", "Next"}[calls%6]](tail)
	}
	return ways
}

// A token and NextSeq, taken after any messages, resume with what comes next. (Those taken after an error or a gap was
// told, and of tails that go backwards, are the library's own and tested there.)
func TestTokensResumeWithWhatIsNext(t *testing.T) {
	snapshot := plasmite.Snapshot()
	for place, pool := range places(t) {
		for kind, opts := range map[string][]plasmite.TailOption{
			"all":            {snapshot},
			"tagged":         {snapshot, plasmite.WithTags("even")},
			"errors":         {snapshot, plasmite.Where(badAt)},
			"gaps":           {plasmite.TailOptions{Gaps: plasmite.GapEvent, Snapshot: true}},
			"gaps and more":  {plasmite.TailOptions{Gaps: plasmite.GapEvent, Snapshot: true, Where: []string{badAt}}},
			"a gap ends it":  {snapshot, plasmite.FailOnGap()},
			"not to its end": {plasmite.Until(15), plasmite.Where(badAt)},
		} {
			want := rest(t, pool, append(opts, plasmite.FromSeq(1))...)
			for way := range ways(context.Background()) {
				t.Run(place+" "+kind+" "+way, func(t *testing.T) {
					read := ways(limited(t))[way]
					tail, err := pool.OpenTail(append(opts, plasmite.FromSeq(1))...)
					must(t, err)
					defer tail.Close()
					var said []string
					for {
						seqs, err := read(tail)
						for _, seq := range seqs {
							said = append(said, fmt.Sprint(seq))
						}
						other, more := told(t, err)
						if other != "" {
							said = append(said, other)
						}
						if !more {
							break
						}
						if len(seqs) == 0 {
							continue
						}
						stats, err := tail.Stats()
						must(t, err)
						token, err := tail.Token()
						must(t, err)
						next := fmt.Sprint(want[len(said):])
						equal(t, fmt.Sprint("from the token after ", seqs), fmt.Sprint(rest(t, pool, append(opts, plasmite.FromToken(token))...)), next)
						equal(t, fmt.Sprint("from NextSeq after ", seqs), fmt.Sprint(rest(t, pool, append(opts, plasmite.FromSeq(stats.NextSeq))...)), next)
					}
					equal(t, "all in order", fmt.Sprint(said), fmt.Sprint(want))
				})
			}
		}
	}
}

func TestWaitAnyKnowsWhatTailsHoldBack(t *testing.T) {
	for place, pool := range places(t) {
		for _, c := range []struct {
			held    string
			behind  uint64 // the message before it; no message comes after it
			options plasmite.TailOptions
		}{
			{"error 12", 11, plasmite.TailOptions{Where: []string{".seq <= 12", badAt}}},
			{"gap 5-6", 4, plasmite.TailOptions{Where: []string{".seq <= 4"}, Gaps: plasmite.GapEvent}},
		} {
			t.Run(place+" "+c.held, func(t *testing.T) {
				ctx := limited(t)
				open := func(opts ...plasmite.TailOption) *plasmite.Tail {
					tail, err := pool.OpenTail(opts...)
					must(t, err)
					t.Cleanup(tail.Close)
					return tail
				}
				wait := func(want int, tails ...*plasmite.Tail) {
					t.Helper()
					index, err := plasmite.WaitAny(ctx, tails...)
					must(t, err)
					equal(t, "ready", index, want)
				}
				idle, ready, tail := open(plasmite.FromNow()), open(), open(c.options)
				wait(0, ready) // its messages may have to come from a server
				for last := uint64(0); last != c.behind; {
					batch, err := tail.NextBatch(ctx, 0)
					must(t, err)
					last = batch[len(batch)-1].Seq
				}
				for range 2 {
					wait(0, tail)
					wait(1, idle, tail)
					wait(0, tail, ready)
					wait(0, ready, tail) // as the library would: the first of them
					wait(1, idle, ready, tail)
				}
				idle.Cancel()
				wait(0, idle, tail)
				_, err := tail.TryNext()
				said, _ := told(t, err)
				equal(t, "held back", said, c.held)
				short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
				defer cancel()
				_, err = plasmite.WaitAny(short, tail)
				equal(t, "nothing is left", err, context.DeadlineExceeded)
			})
		}
	}
}
