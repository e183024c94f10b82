package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"strings"
	"testing"

	"github.com/sandover/plasmite/bindings/go/api"
	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

var noContext context.Context

func nan() float64 { return math.NaN() }

func TestBadArguments(t *testing.T) {
	client := newClient(t)
	pool := newPool(t)
	long := strings.Repeat("n", 5000)
	for name, call := range map[string]func() error{
		"empty directory":  func() error { _, err := plasmite.NewClient(""); return err },
		"NUL in directory": func() error { _, err := plasmite.NewClient("a\x00b"); return err },
		"empty reference":  func() error { _, err := client.OpenPool(""); return err },
		"NUL in reference": func() error { _, err := client.CreatePool("a\x00b", 0); return err },
		"NUL in new one":   func() error { _, err := client.Migrate("a", "b\x00"); return err },
		"no new pool":      func() error { _, err := client.Salvage("a", ""); return err },
		"NUL in new pool":  func() error { _, err := client.Salvage("a", "b\x00"); return err },
		"empty payload":    func() error { _, err := pool.AppendJSON(nil, nil, 0); return err },
		"empty Lite3":      func() error { _, err := pool.AppendLite3(nil, 0); return err },
		"nil context":      func() error { _, err := pool.AppendContext(noContext, 1); return err },
		"nil context, tail": func() error {
			_, failures := pool.Tail(noContext, plasmite.TailOptions{})
			return <-failures
		},
	} {
		if err := call(); !errors.Is(err, plasmite.ErrInvalidArgument) || !errors.Is(err, plasmite.ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, call := range map[string]func() error{
		"a URL":           func() error { _, err := client.OpenPool(plasmite.PoolRefURI("ftp://host/p")); return err },
		"not UTF-8":       func() error { _, err := client.OpenPool("\xff"); return err },
		"durability":      func() error { _, err := pool.AppendJSON([]byte("1"), nil, 99); return err },
		"not JSON":        func() error { _, err := pool.AppendJSON([]byte("{bad"), nil, 0); return err },
		"two values":      func() error { _, err := pool.AppendJSON([]byte("1 2"), nil, 0); return err },
		"bad UTF-8":       func() error { _, err := pool.AppendJSON([]byte("\"\xff\""), nil, 0); return err },
		"huge exponent":   func() error { _, err := pool.AppendJSON([]byte("1e400"), nil, 0); return err },
		"lone surrogate":  func() error { _, err := pool.AppendJSON([]byte(`"\ud800"`), nil, 0); return err },
		"tag not UTF-8":   func() error { _, err := pool.Append(1, []string{"\xff"}); return err },
		"a channel":       func() error { _, err := pool.Append(make(chan int), nil); return err },
		"a function":      func() error { _, err := pool.Append(func() {}, nil); return err },
		"NaN":             func() error { _, err := pool.Append(math.NaN(), nil); return err },
		"infinity":        func() error { _, err := pool.Append(math.Inf(1), nil); return err },
		"a cycle":         func() error { _, err := pool.Append(cycle(), nil); return err },
		"a bad marshaler": func() error { _, err := pool.Append(badMarshaler{}, nil); return err },
		"bad raw JSON":    func() error { _, err := pool.Append(json.RawMessage("]"), nil); return err },
		"nesting":         func() error { _, err := pool.AppendJSON(bytes.Repeat([]byte("["), 100_000), nil, 0); return err },
		"nested behind it": func() error {
			_, err := pool.Append(json.RawMessage(strings.Repeat("[", 5000)+strings.Repeat("]", 5000)), nil)
			return err
		},
	} {
		err := call()
		failure := fails(t, err, plasmite.ErrUsage)
		if failure == nil || failure.Message == "" || failure.Kind != plasmite.ErrorUsage {
			t.Errorf("%s: %#v", name, err)
		}
	}
	for name, call := range map[string]func() error{
		"huge size": func() error { _, err := client.CreatePool("huge", math.MaxUint64); return err },
		"long name": func() error { _, err := client.CreatePool(plasmite.PoolRef(long), 0); return err },
		"seq 0":     func() error { _, err := pool.Get(0); return err },
		"huge seq":  func() error { _, err := pool.GetJSON(math.MaxUint64); return err },
	} {
		if err := call(); err == nil || err.Error() == "plasmite: " {
			t.Errorf("%s: %v", name, err)
		}
	}
	entries, err := client.List()
	must(t, err)
	equal(t, "pools made by bad calls", len(entries), 0)
	bounds, err := pool.Bounds()
	must(t, err)
	equal(t, "messages made by bad calls", bounds.Count, 0)
}

func cycle() any {
	type node struct{ Next *node }
	n := &node{}
	n.Next = n
	return n
}

type badMarshaler struct{}

func (badMarshaler) MarshalJSON() ([]byte, error) { return nil, errors.New("no") }

func TestClosedAndNilHandles(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("p")
	must(t, err)
	tail, err := pool.OpenTail()
	must(t, err)
	writer, err := pool.NewWriter(plasmite.WriterOptions{})
	must(t, err)
	stream, err := pool.OpenStream(nil, nil, nil)
	must(t, err)
	lite3, err := pool.OpenLite3Stream(nil, nil, nil)
	must(t, err)
	for range 2 {
		client.Close()
		pool.Close()
		tail.Close()
		stream.Close()
		lite3.Close()
	}
	fails(t, writer.Close(), plasmite.ErrClosed) // its pool is
	fails(t, pool.CloseErr(), plasmite.ErrClosed)

	ctx := limited(t)
	handles := map[string]struct {
		client *plasmite.Client
		pool   *plasmite.Pool
		tail   *plasmite.Tail
		writer *plasmite.Writer
	}{
		"closed": {client, pool, tail, writer},
		"nil":    {},
		"zero":   {&plasmite.Client{}, &plasmite.Pool{}, &plasmite.Tail{}, &plasmite.Writer{}},
	}
	for name, h := range handles {
		calls := []func() error{
			func() error { _, err := h.client.CreatePool("x", 0); return err },
			func() error { _, err := h.client.OpenPool("x"); return err },
			func() error { _, err := h.client.Pool("x", 0); return err },
			func() error { _, err := h.client.List(); return err },
			func() error { _, err := h.client.Dir(); return err },
			func() error { _, err := h.client.Exists("x"); return err },
			func() error { _, err := h.client.Validate(ctx, "x"); return err },
			func() error { _, err := h.client.ValidateAll(ctx); return err },
			func() error { _, err := h.client.Salvage("x", "y"); return err },
			func() error { return h.client.Delete("x") },
			func() error { _, err := h.pool.Append(1, nil); return err },
			func() error { _, err := h.pool.AppendJSON([]byte("1"), nil, 0); return err },
			func() error { _, err := h.pool.AppendLite3([]byte("1"), 0); return err },
			func() error { _, err := h.pool.AppendContext(ctx, 1); return err },
			func() error { _, err := h.pool.AppendMany(ctx, nil); return err },
			func() error { _, err := h.pool.Get(1); return err },
			func() error { _, err := h.pool.GetLite3(1); return err },
			func() error { _, err := h.pool.Info(); return err },
			func() error { _, err := h.pool.Bounds(); return err },
			func() error { _, err := h.pool.IsCurrent(); return err },
			func() error { _, err := h.pool.Writers(); return err },
			func() error { _, err := h.pool.Warnings(); return err },
			func() error { return h.pool.Flush() },
			func() error { _, err := h.pool.OpenTail(); return err },
			func() error { _, err := h.pool.OpenStream(nil, nil, nil); return err },
			func() error { _, err := h.pool.OpenLite3Stream(nil, nil, nil); return err },
			func() error { _, err := h.pool.Lines(ctx); return err },
			func() error { _, err := h.pool.NewWriter(plasmite.WriterOptions{}); return err },
			func() error { _, failures := h.pool.Tail(ctx, plasmite.TailOptions{}); return <-failures },
			func() error { _, failures := h.pool.TailLite3(ctx, plasmite.TailOptions{}); return <-failures },
			func() error { _, failures := h.pool.Replay(ctx, plasmite.ReplayOptions{}); return <-failures },
			func() error { return h.pool.CloseErr() },
			func() error { _, err := h.tail.Next(ctx); return err },
			func() error { _, err := h.tail.NextBatch(ctx, 5); return err },
			func() error { _, err := h.tail.NextLite3(ctx); return err },
			func() error { _, err := h.tail.Stats(); return err },
			func() error { _, err := h.tail.Token(); return err },
			func() error { return h.tail.Seek(plasmite.FromNow()) },
			func() error { return h.tail.CloseErr() },
			func() error { _, err := plasmite.WaitAny(ctx, h.tail); return err },
			func() error { _, err := h.writer.Write([]byte("1\n")); return err },
			func() error { return h.writer.Flush() },
			func() error { return h.writer.Close() },
		}
		for i, call := range calls {
			err := call()
			if failure := fails(t, err, plasmite.ErrClosed); failure == nil || failure.Kind != plasmite.ErrorUsage || !errors.Is(err, fs.ErrClosed) {
				t.Errorf("%s handle, call %d: %v", name, i, err)
			}
		}
		h.client.Close()
		h.pool.Close()
		h.tail.Close()
		h.tail.Cancel()
		h.tail.ResetCancel()
		equal(t, "name", h.pool.Name(), "")
		equal(t, "text", h.pool.String(), "closed pool")
		equal(t, "end", h.tail.End(), plasmite.EndNone)
		equal(t, "written", h.writer.Written(), 0)
	}
	_, err = stream.NextJSON()
	fails(t, err, plasmite.ErrClosed)
	_, err = lite3.Next()
	fails(t, err, plasmite.ErrClosed)
	var none *plasmite.Stream
	none.Close()
	_, err = none.NextJSON()
	fails(t, err, plasmite.ErrClosed)
	_, err = (&plasmite.Lite3Stream{}).Next()
	fails(t, err, plasmite.ErrClosed)
	(&plasmite.Stream{}).Close()
	var nobody *api.Message
	equal(t, "tags of no message", len(nobody.Tags()), 0)
	_, err = plasmite.Decode[int](nobody)
	fails(t, err, plasmite.ErrInvalidArgument)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = pool.AppendContext(ended, 1)
	equal(t, "error", err, context.Canceled)
}

func TestDecodeMessageRefuses(t *testing.T) {
	good := `{"seq":1,"time":"2026-01-31T08:05:09.12Z","meta":{"tags":["a"]},"data":{"x":1}}`
	message, err := api.DecodeMessage([]byte(good))
	must(t, err)
	equal(t, "ns", message.Time.Nanosecond(), 120_000_000)
	other, err := api.DecodeMessage([]byte(`{ "data" : null, "meta": {"tags": []}, "time": "2026-01-31T09:05:09.12+01:00", "seq": 18446744073709551615 }`))
	must(t, err)
	equal(t, "time", other.Time, message.Time)
	equal(t, "seq", other.Seq, math.MaxUint64)
	equal(t, "data", string(other.Data), "null")
	for _, bad := range []string{
		``, `1`, `{}`, `null`, `[]`, good + "x", good[:len(good)-1],
		strings.Replace(good, `"seq":1`, `"seq":-1`, 1), strings.Replace(good, `"seq":1`, `"seq":1.5`, 1),
		strings.Replace(good, `"seq":1`, `"seq":18446744073709551616`, 1), strings.Replace(good, `"seq":1`, `"seq":01`, 1),
		strings.Replace(good, "2026", "26", 1), strings.Replace(good, `["a"]`, `[1]`, 1), strings.Replace(good, `["a"]`, `null`, 1),
		strings.Replace(good, `"data"`, `"date"`, 1), strings.Replace(good, `{"x":1}`, `{"x":}`, 1), strings.Replace(good, `{"x":1}`, `1,2`, 1),
		strings.Replace(good, `["a"]`, `["a]`, 1),
	} {
		if message, err := api.DecodeMessage([]byte(bad)); err == nil {
			t.Errorf("%s gave %+v", bad, message)
		} else {
			fails(t, err, plasmite.ErrUsage)
		}
	}
}
