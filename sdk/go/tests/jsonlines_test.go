package tests

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
	"github.com/sandover/plasmite/bindings/go/tests/native"
)

var (
	_ io.WriteCloser = (*plasmite.Writer)(nil)
	_ io.ReadCloser  = (*plasmite.LineReader)(nil)
	_ io.WriterTo    = (*plasmite.LineReader)(nil)
)

func TestWriterInPiecesOfAnySize(t *testing.T) {
	var input strings.Builder
	for i := range 50 {
		fmt.Fprintf(&input, `{"n":%d,"text":"é}\n"}`+"\n", i)
	}
	for _, size := range []int{1, 7, 1000, 1 << 20} {
		pool := newPool(t)
		writer, err := pool.NewWriter(plasmite.WriterOptions{Append: []plasmite.AppendOption{plasmite.WithTags("in")}})
		must(t, err)
		for rest := []byte(input.String()); len(rest) > 0; {
			piece := rest[:min(size, len(rest))]
			n, err := writer.Write(piece)
			must(t, err)
			equal(t, "taken", n, len(piece))
			rest = rest[len(piece):]
		}
		equal(t, "appended before the end", writer.Written(), 50)
		must(t, writer.Close())
		message, err := pool.Get(50)
		must(t, err)
		equal(t, "data", string(message.Data), `{"n":49,"text":"é}\n"}`)
		equal(t, "tag", message.Tags()[0], "in")
	}
}

func TestWriterTakesALastLineAtItsEnd(t *testing.T) {
	pool := newPool(t)
	writer, err := pool.NewWriter(plasmite.WriterOptions{})
	must(t, err)
	_, err = io.WriteString(writer, "1\n2")
	must(t, err)
	equal(t, "appended", writer.Written(), 1)
	must(t, writer.Close())
	equal(t, "appended", writer.Written(), 2)
	fails(t, writer.Close(), plasmite.ErrClosed)
	_, err = writer.Write([]byte("3\n"))
	fails(t, err, plasmite.ErrClosed)
}

func TestWriterAndBadRecords(t *testing.T) {
	pool := newPool(t)
	writer, err := pool.NewWriter(plasmite.WriterOptions{})
	must(t, err)
	_, err = io.WriteString(writer, "1\n{bad}\n3\n")
	failure := fails(t, err, plasmite.ErrUsage)
	if failure.Offset == nil || *failure.Offset < 2 {
		t.Fatalf("%#v", failure)
	}
	_, again := writer.Write([]byte("4\n"))
	equal(t, "afterwards", again, err)
	must(t, writer.Close())
	bounds, err := pool.Bounds()
	must(t, err)
	equal(t, "messages", bounds.Count, 1)

	var bad []plasmite.BadRecord
	writer, err = pool.NewWriter(plasmite.WriterOptions{OnBad: func(record plasmite.BadRecord) { bad = append(bad, record) }})
	must(t, err)
	_, err = io.WriteString(writer, "1\n{bad}\n3\n")
	must(t, err)
	must(t, writer.Close())
	equal(t, "bad records", len(bad), 1)
	equal(t, "line", bad[0].Line, 2)
	equal(t, "text", bad[0].Text, "{bad}")
	fails(t, bad[0].Err, plasmite.ErrUsage)
	equal(t, "appended", writer.Written(), 2)
}

func TestWriterGoesOnWhenThePoolWasBusy(t *testing.T) {
	pool := newPool(t)
	writer, err := pool.NewWriter(plasmite.WriterOptions{Append: []plasmite.AppendOption{plasmite.WithLockWait(0)}})
	must(t, err)
	release, err := native.HoldWriterLock(pool.Path())
	must(t, err)
	n, err := io.WriteString(writer, "1\n2\n3")
	fails(t, err, plasmite.ErrBusy)
	equal(t, "taken", n, 5)
	fails(t, writer.Flush(), plasmite.ErrBusy)
	fails(t, writer.Close(), plasmite.ErrBusy)
	release()
	must(t, writer.Close())
	equal(t, "appended", writer.Written(), 3)
}

func TestLinesFromPoolToPool(t *testing.T) {
	from, to := newPool(t), newPool(t)
	for i := range 100 {
		_, err := from.Append(strings.Repeat("x", i*100), []string{fmt.Sprint("t", i)})
		must(t, err)
	}
	lines, err := from.Lines(limited(t), plasmite.Snapshot())
	must(t, err)
	defer lines.Close()
	writer, err := to.NewWriter(plasmite.WriterOptions{Copy: true})
	must(t, err)
	_, err = io.Copy(writer, lines)
	must(t, err)
	must(t, writer.Close())
	for seq := uint64(1); seq <= 100; seq++ {
		a, err := from.Get(seq)
		must(t, err)
		b, err := to.Get(seq)
		must(t, err)
		equal(t, "data", string(b.Data), string(a.Data))
		equal(t, "tag", b.Tags()[0], a.Tags()[0])
	}
}

func TestLinesByRead(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 100)
	lines, err := pool.Lines(limited(t), plasmite.Snapshot())
	must(t, err)
	defer lines.Close()
	scanner := bufio.NewScanner(iotest.OneByteReader(lines))
	count := uint64(0)
	for scanner.Scan() {
		count++
		message, err := plasmite.DecodeMessage(scanner.Bytes())
		must(t, err)
		equal(t, "seq", message.Seq, count)
	}
	must(t, scanner.Err())
	equal(t, "lines", count, 100)

	data, err := pool.DataLines(limited(t), plasmite.Limit(2))
	must(t, err)
	defer data.Close()
	var text bytes.Buffer
	_, err = io.Copy(&text, data)
	must(t, err)
	equal(t, "data", text.String(), "{\"n\":1}\n{\"n\":2}\n")
}

func TestLinesAndErrors(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 3)
	lines, err := pool.Lines(limited(t))
	must(t, err)
	defer lines.Close()
	_, err = io.Copy(brokenWriter{}, lines)
	equal(t, "error", err.Error(), "broken")
	ctx, cancel := context.WithCancel(context.Background())
	cancelled, err := pool.Lines(ctx, plasmite.FromNow())
	must(t, err)
	defer cancelled.Close()
	done := make(chan error)
	go func() {
		_, err := cancelled.Read(make([]byte, 1))
		done <- err
	}()
	cancel()
	equal(t, "error", <-done, context.Canceled)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }
