//go:build go1.23

package tests

import (
	"context"
	"errors"
	"testing"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

func TestMessagesOfAPool(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 200)
	want := 0
	for message, err := range pool.Messages(limited(t), plasmite.Snapshot()) {
		must(t, err)
		want++
		equal(t, "n", number(t, message), want)
		equal(t, "seq", message.Seq, uint64(want))
	}
	equal(t, "messages", want, 200)

	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	read := 0
	for message, err := range pool.Messages(ctx) {
		if read++; read == 10 {
			cancel()
		}
		if err != nil {
			equal(t, "message", message, nil)
			equal(t, "error", err, context.Canceled)
			break
		}
	}
	equal(t, "messages before the cancel, and its error", read, 11)
	for range pool.Messages(limited(t)) {
		break // leaves nothing behind
	}
}

func TestRange(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 10)
	for _, c := range []struct {
		first, last uint64
		want        []uint64
	}{{3, 5, []uint64{3, 4, 5}}, {5, 3, []uint64{5, 4, 3}}, {9, 99, []uint64{9, 10}}, {98, 99, nil}, {4, 4, []uint64{4}}} {
		var got []uint64
		for message, err := range pool.Range(limited(t), c.first, c.last) {
			must(t, err)
			got = append(got, message.Seq)
		}
		equal(t, "range", len(got), len(c.want))
		for i := range got {
			equal(t, "seq", got[i], c.want[i])
		}
	}
}

func TestMessagesOfATailStayWhereTheLoopLeft(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 5)
	tail, err := pool.OpenTail(plasmite.Snapshot())
	must(t, err)
	defer tail.Close()
	for message, err := range tail.Messages(limited(t)) {
		must(t, err)
		if message.Seq == 2 {
			break
		}
	}
	stats, err := tail.Stats()
	must(t, err)
	equal(t, "next seq", stats.NextSeq, 3)
	read := 0
	for _, err := range tail.Messages(limited(t)) {
		must(t, err)
		read++
	}
	equal(t, "rest", read, 3)
	equal(t, "end", tail.End(), plasmite.EndComplete)
}

func TestGapsInALoop(t *testing.T) {
	pool := newPool(t, plasmite.WithSize(65536))
	fill(t, pool, 2)
	overwrite(t, pool, 1)
	var gaps, messages int
	for message, err := range pool.Messages(limited(t), plasmite.TailOptions{
		SinceSeq: pointer(uint64(1)), Gaps: plasmite.GapEvent, Snapshot: true,
	}) {
		var gap *plasmite.Gap
		if errors.As(err, &gap) {
			equal(t, "first missing", gap.First, 1)
			equal(t, "is a gap", errors.Is(err, plasmite.ErrRetentionGap), true)
			gaps++
			continue
		}
		must(t, err)
		if message.Seq < 2 {
			t.Fatal(message.Seq)
		}
		messages++
	}
	if gaps != 1 || messages == 0 {
		t.Fatal(gaps, messages)
	}
	var last error
	for _, last = range pool.Messages(limited(t), plasmite.FromSeq(1), plasmite.FailOnGap()) {
	}
	failure := fails(t, last, plasmite.ErrRetentionGap)
	equal(t, "first missing", *failure.Seq, 1)
}

func TestReplayInALoop(t *testing.T) {
	pool := newPool(t)
	start := time.Now()
	for i := range 3 {
		_, err := pool.AppendContext(limited(t), i, plasmite.WithTime(start.Add(time.Duration(i)*20*time.Millisecond)))
		must(t, err)
	}
	for _, speed := range []float64{0, 2} {
		read, began := 0, time.Now()
		for message, err := range pool.ReplayMessages(limited(t), speed, plasmite.Snapshot()) {
			must(t, err)
			read++
			equal(t, "seq", message.Seq, uint64(read))
		}
		equal(t, "messages", read, 3)
		if took := time.Since(began); speed == 2 && took < 20*time.Millisecond {
			t.Fatalf("the gaps were not kept: %v", took)
		}
	}
	for range pool.ReplayMessages(limited(t), 1) {
		break
	}
	for _, speed := range []float64{-1, nan()} {
		for message, err := range pool.ReplayMessages(limited(t), speed) {
			equal(t, "message", message, nil)
			fails(t, err, plasmite.ErrUsage)
		}
	}
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	read := 0
	for _, err := range pool.ReplayMessages(ctx, 1e-9) { // the second one is years away
		if read++; read == 1 {
			time.AfterFunc(5*time.Millisecond, cancel)
		} else {
			equal(t, "error", err, context.Canceled)
		}
	}
	equal(t, "messages and the error", read, 2)
}
