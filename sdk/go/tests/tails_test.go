package tests

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// messages reads a tail to its end, in batches.
func messages(t *testing.T, pool *plasmite.Pool, opts ...plasmite.TailOption) (read []*plasmite.Message) {
	t.Helper()
	tail, err := pool.OpenTail(opts...)
	must(t, err)
	defer tail.Close()
	for {
		batch, err := tail.NextBatch(limited(t), 0)
		if err == io.EOF {
			return read
		}
		must(t, err)
		for i := range batch {
			read = append(read, &batch[i])
		}
	}
}

// seqs reads a tail to its end, one by one.
func seqs(t *testing.T, pool *plasmite.Pool, opts ...plasmite.TailOption) (read []uint64) {
	t.Helper()
	tail, err := pool.OpenTail(opts...)
	must(t, err)
	defer tail.Close()
	for {
		message, err := tail.Next(limited(t))
		if err == io.EOF {
			return read
		}
		must(t, err)
		read = append(read, message.Seq)
	}
}

func TestStarts(t *testing.T) {
	pool := newPool(t)
	var third time.Time
	for i := range 5 {
		tags := []string{"all"}
		if i%2 == 0 {
			tags = append(tags, "odd")
		}
		message, err := pool.Append(i+1, tags)
		must(t, err)
		if i == 2 {
			third = message.Time
		}
		time.Sleep(time.Microsecond)
	}
	tail, err := pool.OpenTail()
	must(t, err)
	for range 2 {
		_, err = tail.Next(limited(t))
		must(t, err)
	}
	token, err := tail.Token()
	must(t, err)
	tail.Close()
	snapshot := plasmite.Snapshot()
	for name, c := range map[string]struct {
		opts []plasmite.TailOption
		want []uint64
	}{
		"oldest":        {[]plasmite.TailOption{snapshot}, []uint64{1, 2, 3, 4, 5}},
		"now":           {[]plasmite.TailOption{plasmite.FromNow(), snapshot}, nil},
		"last":          {[]plasmite.TailOption{plasmite.FromLast(2), snapshot}, []uint64{4, 5}},
		"last filtered": {[]plasmite.TailOption{plasmite.FromLast(2), plasmite.WithTags("odd"), snapshot}, []uint64{3, 5}},
		"since":         {[]plasmite.TailOption{plasmite.TailOptions{SinceSeq: pointer(uint64(4))}, snapshot}, []uint64{4, 5}},
		"time":          {[]plasmite.TailOption{plasmite.FromTime(third), snapshot}, []uint64{3, 4, 5}},
		"long ago":      {[]plasmite.TailOption{plasmite.FromTime(time.Time{}), plasmite.Limit(1)}, []uint64{1}},
		"far future":    {[]plasmite.TailOption{plasmite.FromTime(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)), snapshot}, nil},
		"token":         {[]plasmite.TailOption{plasmite.FromToken(token), snapshot}, []uint64{3, 4, 5}},
		"until":         {[]plasmite.TailOption{plasmite.FromSeq(2), plasmite.Until(3)}, []uint64{2, 3}},
		"backwards":     {[]plasmite.TailOption{plasmite.Backwards(), plasmite.Limit(2)}, []uint64{5, 4}},
		"tags":          {[]plasmite.TailOption{plasmite.WithTags("all", "odd"), snapshot}, []uint64{1, 3, 5}},
		"poll":          {[]plasmite.TailOption{plasmite.TailOptions{Poll: true, Spin: time.Millisecond, Snapshot: true}}, []uint64{1, 2, 3, 4, 5}},
		"limit of none": {[]plasmite.TailOption{plasmite.Limit(0)}, nil},
		"no time":       {[]plasmite.TailOption{plasmite.Within(0)}, nil},
		"nil option":    {[]plasmite.TailOption{nil, plasmite.Limit(1)}, []uint64{1}},
	} {
		got := seqs(t, pool, c.opts...)
		if len(got) != len(c.want) {
			t.Fatalf("%s: %v, want %v", name, got, c.want)
		}
		for i := range got {
			equal(t, name, got[i], c.want[i])
		}
	}
	for name, options := range map[string]plasmite.TailOptions{
		"two starts":    {SinceSeq: pointer(uint64(1)), Start: plasmite.FromNow()},
		"two policies":  {ErrorOnGap: true, OnGap: func(plasmite.Gap) {}},
		"long spin":     {Spin: time.Minute},
		"bad policy":    {Gaps: 99},
		"bad tag":       {Tags: []string{"\xff"}},
		"bad token":     {Start: plasmite.FromToken("nonsense")},
		"token and NUL": {Start: plasmite.FromToken("\x00")},
	} {
		if _, err := pool.OpenTail(options); !errors.Is(err, plasmite.ErrUsage) {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

func TestSeekAndStats(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 10)
	tail, err := pool.OpenTail(plasmite.Limit(4))
	must(t, err)
	defer tail.Close()
	batch, err := tail.NextBatch(limited(t), 3)
	must(t, err)
	equal(t, "batch", len(batch), 3)
	batch, err = tail.NextBatch(limited(t), 1000)
	must(t, err)
	equal(t, "rest", len(batch), 1)
	_, err = tail.Next(limited(t))
	equal(t, "end", err, io.EOF)
	equal(t, "why", tail.End(), plasmite.EndComplete)
	stats, err := tail.Stats()
	must(t, err)
	equal(t, "stats", stats, plasmite.TailStats{Delivered: 4, NextSeq: 5})
	fails(t, tail.Seek(plasmite.FromToken("x")), plasmite.ErrInvalidArgument)
}

func TestBatchesOfAnySize(t *testing.T) {
	pool := newPool(t, plasmite.WithSize(8<<20))
	want := 0
	for size := 1; size < 300_000; size *= 3 { // beyond the usual memory of a batch
		for range 5 {
			text := make([]byte, size)
			for i := range text {
				text[i] = 'a'
			}
			_, err := pool.AppendContext(limited(t), string(text), plasmite.WithTags("big", "näme"))
			must(t, err)
			want++
		}
	}
	got := 0
	for _, message := range messages(t, pool, plasmite.Snapshot()) {
		got++
		read, err := pool.Get(message.Seq)
		must(t, err)
		equal(t, "raw", string(message.Raw), string(read.Raw))
		equal(t, "data", string(message.Data), string(read.Data))
		equal(t, "time", message.Time, read.Time)
		equal(t, "text", message.TimeRFC3339, read.TimeRFC3339)
		equal(t, "tag", message.Tags()[1], "näme")
		clone := message.Clone()
		message.Raw[0] = 'X'
		equal(t, "clone", string(clone.Raw), string(read.Raw))
	}
	equal(t, "messages", got, want)
}

func TestTryNext(t *testing.T) {
	pool := newPool(t)
	tail, err := pool.OpenTail()
	must(t, err)
	defer tail.Close()
	message, err := tail.TryNext()
	must(t, err)
	equal(t, "message", message, nil)
	frame, err := tail.TryNextLite3()
	must(t, err)
	equal(t, "frame", frame, nil)
	fill(t, pool, 2)
	message, err = tail.TryNext()
	must(t, err)
	equal(t, "seq", message.Seq, 1)
	frame, err = tail.TryNextLite3()
	must(t, err)
	equal(t, "seq", frame.Seq, 2)
	tail.Close()
	_, err = tail.TryNext()
	fails(t, err, plasmite.ErrClosed)
}

func TestTryNextDoesNotWaitForOthers(t *testing.T) {
	pool := newPool(t, plasmite.WithSize(65536))
	fill(t, pool, 1)
	overwrite(t, pool, 1)
	inside, goOn := make(chan struct{}), make(chan struct{})
	tail, err := pool.OpenTail(plasmite.FromSeq(1), plasmite.OnGap(func(plasmite.Gap) {
		close(inside)
		<-goOn
	}))
	must(t, err)
	defer tail.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := tail.Next(limited(t))
		ended <- err
	}()
	<-inside // Next holds the tail now
	tried := make(chan error, 1)
	go func() {
		message, err := tail.TryNext()
		frame, lite3Err := tail.TryNextLite3()
		if message != nil || frame != nil {
			err = errors.New("a message was taken")
		}
		tried <- errors.Join(err, lite3Err)
	}()
	select {
	case err = <-tried:
	case <-limited(t).Done():
		err = errors.New("TryNext waits")
	}
	close(goOn)
	must(t, <-ended)
	must(t, err)
	message, err := tail.TryNext()
	must(t, err)
	if message == nil {
		t.Fatal("no message, though nobody else uses the tail")
	}
}

func TestDeadlineOfATail(t *testing.T) {
	pool := newPool(t)
	tail, err := pool.OpenTail(plasmite.Within(20 * time.Millisecond))
	must(t, err)
	defer tail.Close()
	_, err = tail.Next(limited(t))
	equal(t, "error", err, io.EOF)
	equal(t, "end", tail.End(), plasmite.EndDeadline)
}

func TestGaps(t *testing.T) {
	pool := newPool(t, plasmite.WithSize(65536))
	fill(t, pool, 2)
	strict, err := pool.OpenTail(plasmite.FailOnGap(), plasmite.WithTags("none"))
	must(t, err)
	defer strict.Close()
	var told []plasmite.Gap
	telling, err := pool.OpenTail(plasmite.OnGap(func(gap plasmite.Gap) { told = append(told, gap) }))
	must(t, err)
	defer telling.Close()
	for range 2 {
		_, err := telling.Next(limited(t))
		must(t, err)
	}
	fill(t, pool, 1)
	overwrite(t, pool, 3)
	message, err := telling.Next(limited(t))
	must(t, err)
	equal(t, "gaps told", len(told), 1)
	equal(t, "gap", told[0], plasmite.Gap{First: 3, Last: message.Seq - 1, Count: message.Seq - 3})
	stats, err := telling.Stats()
	must(t, err)
	equal(t, "dropped", stats.Dropped, told[0].Count)

	_, err = pool.OpenTail(plasmite.TailOptions{ErrorOnGap: true, SinceSeq: pointer(uint64(1))})
	must(t, err)
	since, err := pool.OpenTail(plasmite.TailOptions{ErrorOnGap: true, SinceSeq: pointer(uint64(1))})
	must(t, err)
	defer since.Close()
	_, err = since.Next(limited(t))
	failure := fails(t, err, plasmite.ErrRetentionGap)
	equal(t, "first missing", *failure.Seq, 1)
	_, err = since.Next(limited(t))
	equal(t, "afterwards", err, io.EOF)
	equal(t, "end", since.End(), plasmite.EndGap)
}

func TestStream(t *testing.T) {
	client := newClient(t)
	pool, err := client.CreatePool("p", 0)
	must(t, err)
	for i := range 3 {
		_, err := pool.Append(i, nil)
		must(t, err)
	}
	stream, err := pool.OpenStream(pointer(uint64(2)), pointer(uint64(5)), pointer(uint64(50)))
	must(t, err)
	defer stream.Close()
	pool.Close() // the stream lives on
	for want := uint64(2); want <= 3; want++ {
		raw, err := stream.NextJSON()
		must(t, err)
		message, err := plasmite.DecodeMessage(raw)
		must(t, err)
		equal(t, "seq", message.Seq, want)
	}
	for range 2 {
		_, err = stream.NextJSON()
		equal(t, "after the deadline", err, io.EOF)
	}

	pool, err = client.OpenPool("p")
	must(t, err)
	defer pool.Close()
	for _, none := range [][2]*uint64{{pointer(uint64(0)), nil}, {nil, pointer(uint64(0))}} {
		empty, err := pool.OpenStream(nil, none[0], none[1])
		must(t, err)
		_, err = empty.NextJSON()
		equal(t, "stream of nothing", err, io.EOF)
		empty.Close()
	}
	endless, err := pool.OpenStream(nil, nil, pointer(^uint64(0)))
	must(t, err)
	defer endless.Close()
	_, err = endless.NextJSON()
	must(t, err)
}

func TestWaitAny(t *testing.T) {
	first, second := newPool(t), newPool(t)
	a, err := first.OpenTail()
	must(t, err)
	defer a.Close()
	b, err := second.OpenTail()
	must(t, err)
	defer b.Close()
	result := make(chan int)
	go func() {
		index, err := plasmite.WaitAny(limited(t), a, b)
		if err != nil {
			t.Error(err)
		}
		result <- index
	}()
	fill(t, second, 1)
	equal(t, "index", <-result, 1)
	index, err := plasmite.WaitAny(context.Background(), b, a)
	must(t, err)
	equal(t, "index", index, 0)
	_, err = b.Next(limited(t))
	must(t, err)

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = plasmite.WaitAny(ctx, a, b)
	equal(t, "error", err, context.DeadlineExceeded)
	fill(t, first, 1) // a wait that was cancelled cancels nothing later
	_, err = a.Next(limited(t))
	must(t, err)
	_, err = plasmite.WaitAny(limited(t), a, a)
	fails(t, err, plasmite.ErrInvalidArgument)
	_, err = plasmite.WaitAny(limited(t))
	fails(t, err, plasmite.ErrInvalidArgument)
	_, err = plasmite.WaitAny(limited(t), a, nil)
	fails(t, err, plasmite.ErrClosed)
	_, err = a.Stats() // the gate was given back
	must(t, err)
}

func TestWhere(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 10)
	_, err := pool.AppendContext(limited(t), map[string]any{"n": 11, "status": "green"}, plasmite.WithTags("a"))
	must(t, err)
	for name, c := range map[string]struct {
		opts []plasmite.TailOption
		want int
	}{
		"one":          {[]plasmite.TailOption{plasmite.Where(`.data.status == "green"`)}, 1},
		"both":         {[]plasmite.TailOption{plasmite.Where(".data.n > 3"), plasmite.Where(".data.n <= 5")}, 2},
		"beside tags":  {[]plasmite.TailOption{plasmite.Where(".data.n > 3"), plasmite.WithTags("a")}, 1},
		"of the seq":   {[]plasmite.TailOption{plasmite.Where(".seq % 2 == 0")}, 5},
		"the last two": {[]plasmite.TailOption{plasmite.Where(".data.n < 9"), plasmite.FromLast(2)}, 2},
		"a limit":      {[]plasmite.TailOption{plasmite.Where(".data.n > 3"), plasmite.Limit(3)}, 3},
	} {
		got := seqs(t, pool, append(c.opts, plasmite.Snapshot())...)
		if len(got) != c.want {
			t.Fatalf("%s: %v", name, got)
		}
	}
	_, err = pool.OpenTail(plasmite.Where(".data.n >"))
	failure := fails(t, err, plasmite.ErrUsage)
	if failure.Offset == nil {
		t.Fatalf("%#v", failure)
	}
	tail, err := pool.OpenTail(plasmite.Where(".seq"), plasmite.Snapshot())
	must(t, err)
	defer tail.Close()
	for seq := uint64(1); seq <= 2; seq++ { // a number is no answer; the next call goes on
		_, err = tail.Next(limited(t))
		equal(t, "seq", *fails(t, err, plasmite.ErrUsage).Seq, seq)
	}
	out, failures := pool.Tail(limited(t), plasmite.TailOptions{Where: []string{".data.n == 7"}, MaxMessages: pointer(uint64(1))})
	read, err := drained(t, out, failures)
	must(t, err)
	equal(t, "seq", read[0].Seq, 7)
	out, failures = pool.Replay(limited(t), plasmite.ReplayOptions{Where: []string{".data.n == 7"}, MaxMessages: pointer(uint64(1))})
	read, err = drained(t, out, failures)
	must(t, err)
	equal(t, "seq", read[0].Seq, 7)
}
