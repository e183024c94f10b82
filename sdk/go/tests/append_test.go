package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
	plasmite "github.com/sandover/plasmite/bindings/go/local"
	"github.com/sandover/plasmite/bindings/go/tests/native"
)

func TestAppendAndGet(t *testing.T) {
	pool := newPool(t)
	before := time.Now()
	message, err := pool.Append(map[string]any{"sensor": "temp", "value": 23.5}, []string{"a", "b\"\\", "a"}, plasmite.DurabilityFast)
	must(t, err)
	equal(t, "seq", message.Seq, 1)
	equal(t, "data", string(message.Data), `{"sensor":"temp","value":23.5}`)
	equal(t, "tags", strings.Join(message.Tags(), ","), `a,b"\,a`)
	if message.Time.Before(before.Add(-time.Second)) || message.Time.Location() != time.UTC || !strings.HasSuffix(message.TimeRFC3339, "Z") {
		t.Fatal(message.Time, message.TimeRFC3339)
	}
	if !bytes.HasPrefix(message.Raw, []byte(`{"seq":1,`)) {
		t.Fatal(string(message.Raw))
	}
	read, err := pool.Get(1)
	must(t, err)
	equal(t, "raw", string(read.Raw), string(message.Raw))
	equal(t, "time", read.Time, message.Time)
	text, err := json.Marshal(read)
	must(t, err)
	equal(t, "as JSON", string(text), string(read.Raw))
	decoded, err := api.DecodeMessage(text)
	must(t, err)
	equal(t, "decoded", string(decoded.Raw), string(read.Raw))
	equal(t, "decoded tags", strings.Join(decoded.Tags(), ","), `a,b"\,a`)

	untagged, err := pool.Append(nil, nil)
	must(t, err)
	equal(t, "null", string(untagged.Data), "null")
	if untagged.Meta.Tags == nil || len(untagged.Meta.Tags) != 0 {
		t.Fatal("tags of an untagged message must be empty, not nil")
	}
	_, err = pool.Get(99)
	failure := fails(t, err, plasmite.ErrNotFound)
	if *failure.Seq != 99 || failure.Path != "" {
		t.Fatalf("%#v", failure)
	}
}

func TestOptionsOfAppends(t *testing.T) {
	pool := newPool(t)
	at := time.Date(2030, 1, 2, 3, 4, 5, 123456789, time.UTC)
	receipt, err := pool.AppendContext(limited(t), 1, plasmite.WithTime(at), plasmite.WithTags("x"), plasmite.DurabilityFlush)
	must(t, err)
	equal(t, "time", receipt.Time, at)
	_, err = pool.AppendContext(limited(t), 2, plasmite.WithTime(at.Add(-1)))
	fails(t, err, plasmite.ErrUsage)
	_, err = pool.AppendContext(limited(t), 2, plasmite.WithTime(time.Unix(-1, 0)))
	fails(t, err, plasmite.ErrInvalidArgument)
	_, err = pool.AppendContext(limited(t), 2, plasmite.ExpectNewest(7))
	fails(t, err, fs.ErrExist)
	// The same through the call that answers with the message, and a tag that C could not hold.
	message, err := pool.Append(2, []string{"n\x00l"}, plasmite.ExpectNewest(1), plasmite.WithTags("first"), plasmite.WithLockWait(-1))
	must(t, err)
	equal(t, "seq", message.Seq, 2)
	equal(t, "tags", strings.Join(message.Tags(), ","), "first,n\x00l")
	_, err = pool.Append(3, nil, plasmite.AppendOptionFunc(func(config *plasmite.AppendConfig) { config.Durability = 7 }))
	fails(t, err, plasmite.ErrUsage)
	_, err = pool.Append(3, nil, nil, plasmite.AppendOptionFunc(nil))
	must(t, err)
}

func TestAppendMany(t *testing.T) {
	pool := newPool(t)
	items := []plasmite.Item{
		{Value: json.RawMessage(`{"raw":1.0}`)},
		{Value: struct{ A string }{"<&>"}, Tags: []string{"one"}},
		{Value: 3, Tags: []string{"two", "three"}},
	}
	receipts, err := pool.AppendMany(limited(t), items, plasmite.WithTags("all"))
	must(t, err)
	equal(t, "receipts", len(receipts), 3)
	for i, want := range []struct{ data, tags string }{{`{"raw":1.0}`, "all"}, {`{"A":"<&>"}`, "all,one"}, {`3`, "all,two,three"}} {
		equal(t, "seq", receipts[i].Seq, uint64(i+1))
		message, err := pool.Get(receipts[i].Seq)
		must(t, err)
		equal(t, "data", string(message.Data), want.data)
		equal(t, "tags", strings.Join(message.Tags(), ","), want.tags)
		equal(t, "time", message.Time, receipts[i].Time)
	}
	// All or none.
	_, err = pool.AppendMany(limited(t), []plasmite.Item{{Value: 4}, {Value: json.RawMessage(`{bad}`)}})
	failure := fails(t, err, plasmite.ErrUsage)
	if !strings.Contains(failure.Message, "1") {
		t.Fatal(err)
	}
	_, err = pool.AppendMany(limited(t), []plasmite.Item{{Value: 4}, {Value: make(chan int)}})
	if err == nil || !strings.Contains(err.Error(), "item 1") {
		t.Fatal(err)
	}
	receipts, err = pool.AppendMany(limited(t), nil)
	must(t, err)
	equal(t, "receipts of nothing", len(receipts), 0)
	bounds, err := pool.Bounds()
	must(t, err)
	equal(t, "messages", bounds.Count, 3)

	many := plasmite.Items(make([]int, 1000), "same")
	receipts, err = pool.AppendMany(limited(t), many)
	must(t, err)
	equal(t, "last seq", receipts[999].Seq, 1003)
}

func TestNumbersAndTextsComeBack(t *testing.T) {
	pool := newPool(t)
	for _, text := range []string{
		`18446744073709551615`, `-9223372036854775808`, `1e300`, `"\u0000"`, `{"b":1,"a":[true,null,"ü"]}`, `"😀"`, `[]`, `{"k\u0000":1}`,
	} {
		raw, err := pool.AppendJSON([]byte(text), nil, plasmite.DurabilityFast)
		must(t, err)
		message, err := api.DecodeMessage(raw)
		must(t, err)
		var got, want any
		must(t, json.Unmarshal(message.Data, &got))
		must(t, json.Unmarshal([]byte(text), &want))
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		equal(t, text, string(a), string(b))
	}
	value, err := pool.Append(uint64(math.MaxUint64), nil)
	must(t, err)
	exact, err := plasmite.Decode[uint64](value)
	must(t, err)
	equal(t, "uint64", exact, math.MaxUint64)
}

func TestLargeMessages(t *testing.T) {
	pool := newPool(t)
	long := strings.Repeat("y", 200_000)
	message, err := pool.Append(long, []string{strings.Repeat("t", 10_000)})
	must(t, err)
	text, err := plasmite.Decode[string](message)
	must(t, err)
	equal(t, "length", len(text), len(long))
	tail, err := pool.OpenTail(plasmite.Snapshot())
	must(t, err)
	defer tail.Close()
	read, err := tail.Next(limited(t))
	must(t, err)
	equal(t, "raw", string(read.Raw), string(message.Raw))
	_, err = pool.Append(strings.Repeat("z", 2<<20), nil)
	fails(t, err, plasmite.ErrUsage)
}

func TestManyTags(t *testing.T) {
	pool := newPool(t)
	tags := make([]string, 40)
	for i := range tags {
		tags[i] = strings.Repeat("t", i)
	}
	message, err := pool.Append(1, tags)
	must(t, err)
	equal(t, "tags", len(message.Tags()), 40)
	for _, message := range messages(t, pool, plasmite.WithTags(tags...), plasmite.Limit(1)) {
		equal(t, "tag", message.Tags()[39], tags[39])
	}
}

func TestLite3Codec(t *testing.T) {
	pool := newPool(t)
	text := []byte(`{"meta":{"tags":["a"]},"data":{"b":1,"a":[true,null,2.5,"ü"]}}`)
	document, err := plasmite.JSONToLite3(text)
	must(t, err)
	back, err := plasmite.Lite3ToJSON(document)
	must(t, err)
	equal(t, "JSON", string(back), string(text))
	seq, err := pool.AppendLite3(document, plasmite.DurabilityFast)
	must(t, err)
	message, err := pool.Get(seq)
	must(t, err)
	equal(t, "data", string(message.Data), `{"b":1,"a":[true,null,2.5,"ü"]}`)
	for _, wrong := range []string{"", "1", `{"a":`, `{"a":18446744073709551615}`, `{"a\u0000":1}`, "\xff"} {
		_, err := plasmite.JSONToLite3([]byte(wrong))
		fails(t, err, plasmite.ErrUsage)
	}
	_, err = plasmite.JSONToLite3([]byte(`{"a": nope}`))
	equal(t, "offset", *fails(t, err, plasmite.ErrUsage).Offset, 7)
	for _, damaged := range [][]byte{nil, []byte("nonsense"), document[:50], document[:len(document)-96]} {
		_, err := plasmite.Lite3ToJSON(damaged)
		fails(t, err, plasmite.ErrCorrupt)
	}
}

func TestLite3(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 2)
	frame, err := pool.GetLite3(1)
	must(t, err)
	seq, err := pool.AppendLite3(frame.Payload, plasmite.DurabilityFast)
	must(t, err)
	equal(t, "seq", seq, 3)
	copied, err := pool.Get(3)
	must(t, err)
	equal(t, "data", string(copied.Data), `{"n":1}`)
	again, err := pool.GetLite3(3)
	must(t, err)
	equal(t, "bytes", string(again.Payload), string(frame.Payload))
	equal(t, "time", again.Time(), copied.Time)
	_, err = pool.AppendLite3([]byte{1, 2, 3}, plasmite.DurabilityFast)
	fails(t, err, plasmite.ErrCorrupt)

	_, err = pool.Append(uint64(math.MaxUint64), nil) // Lite3 cannot hold it
	must(t, err)
	fill(t, pool, 1)
	stream, err := pool.OpenLite3Stream(pointer(uint64(3)), pointer(uint64(3)), nil)
	must(t, err)
	defer stream.Close()
	got, err := stream.Next()
	must(t, err)
	equal(t, "bytes", string(got.Payload), string(frame.Payload))
	_, err = stream.Next()
	failure := fails(t, err, plasmite.ErrUsage)
	equal(t, "seq", *failure.Seq, 4)
	got, err = stream.Next()
	must(t, err)
	equal(t, "seq", got.Seq, 5)

	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	frames, failures := pool.TailLite3(ctx, plasmite.TailOptions{MaxMessages: pointer(uint64(2))})
	equal(t, "seq", (<-frames).Seq, 1)
	equal(t, "seq", (<-frames).Seq, 2)
	if frame, open := <-frames; open {
		t.Fatal(frame)
	}
	must(t, <-failures)
}

func TestBusy(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("p")
	must(t, err)
	defer pool.Close()
	release, err := native.HoldWriterLock(pool.Path())
	must(t, err)
	_, err = pool.AppendContext(limited(t), 1, plasmite.WithLockWait(0))
	fails(t, err, plasmite.ErrBusy)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = pool.AppendContext(ctx, 1)
	fails(t, err, plasmite.ErrBusy)
	<-ctx.Done()
	release()
	_, err = pool.AppendContext(limited(t), 1)
	must(t, err)
}
