// Command bench compares the Go SDK with the C calls under it and with encoding/json, in one run, and with a Unix socket.
// The message is the standard one of bench/: a flat object of about 100 bytes with five fields. Paths are measured in CPU
// time of their thread, so that a busy machine disturbs them little; the collector's own threads do not count. What is live
// is measured in wall time.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
	"github.com/sandover/plasmite/bindings/go/tests/native"
)

const (
	count    = 64 * 512 // messages a round
	batch    = 64
	rounds   = 15
	poolSize = 64 << 20
)

// reading is the standard message as a Go program has it.
type reading struct {
	Sensor  string  `json:"sensor"`
	Reading float64 `json:"reading"`
	Count   int64   `json:"count"`
	OK      bool    `json:"ok"`
	Note    string  `json:"note"`
}

// pass does something with all messages of a round and tells how long one took, in ns.
type pass struct {
	name string
	run  func() float64
	took []float64
}

func median(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// cpu is the CPU time that this thread has used so far.
func cpu() time.Duration {
	const ofThread = 1 // RUSAGE_THREAD of Linux
	var used syscall.Rusage
	must(syscall.Getrusage(ofThread, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// each is the CPU time of one message, in ns.
func each(run func()) float64 {
	start := cpu()
	run()
	return float64(cpu()-start) / count
}

// eachOnTheWall is the wall time of one message, in ns.
func eachOnTheWall(run func()) float64 {
	start := time.Now()
	run()
	return float64(time.Since(start)) / count
}

func main() {
	runtime.LockOSThread()
	dir, err := os.MkdirTemp(os.Getenv("PLASMITE_BENCH_DIR"), "plasmite-go-bench")
	must(err)
	defer os.RemoveAll(dir)
	client, err := plasmite.NewClient(dir)
	must(err)
	pool, err := client.Create("bench", plasmite.WithSize(poolSize))
	must(err)
	inC := native.Open(pool.Path())
	ctx := context.Background()

	texts := make([]json.RawMessage, native.Messages)
	structs := make([]reading, native.Messages)
	maps := make([]map[string]any, batch) // few: the collector would look at each of them again and again
	raw := make([]any, native.Messages)
	for i := range texts {
		texts[i] = native.Message(i)
		raw[i] = &texts[i]
		must(json.Unmarshal(texts[i], &structs[i]))
	}
	for i := range maps {
		must(json.Unmarshal(texts[i], &maps[i]))
	}
	rawItems, structItems := make([]plasmite.Item, batch), make([]plasmite.Item, batch)
	inC.Append(2 * poolSize / 150) // lapped

	appendAll := func(value func(i int) any) func() float64 {
		return func() float64 {
			return each(func() {
				for i := range count {
					_, err := pool.AppendContext(ctx, value(i%native.Messages))
					must(err)
				}
			})
		}
	}
	batches := func(items []plasmite.Item, value func(i int) any) func() float64 {
		return func() float64 {
			return each(func() {
				for i := 0; i < count; i += batch {
					for k := range items {
						items[k].Value = value((i + k) % native.Messages)
					}
					_, err := pool.AppendMany(ctx, items)
					must(err)
				}
			})
		}
	}
	// A full pool has more messages than a round; per message.
	reads := func(read func(*plasmite.Tail) int) func() float64 {
		return func() float64 {
			tail, err := pool.OpenTail(plasmite.Snapshot())
			must(err)
			defer tail.Close()
			start := cpu()
			messages := read(tail)
			took := cpu() - start
			bounds, err := pool.Bounds()
			must(err)
			if uint64(messages) != bounds.Count {
				must(fmt.Errorf("read %d messages of %d", messages, bounds.Count))
			}
			return float64(took) / float64(messages)
		}
	}
	passes := []*pass{
		{name: "C append", run: func() float64 { return each(func() { inC.Append(count) }) }},
		{name: "C append, envelope back", run: func() float64 { return each(func() { inC.AppendEcho(count) }) }},
		{name: "C append, batches of 64", run: func() float64 { return each(func() { inC.AppendBatch(count, batch) }) }},
		{name: "C tail, JSON", run: func() float64 {
			start := cpu()
			messages := inC.TailJSON()
			return float64(cpu()-start) / float64(messages)
		}},
		{name: "json.Marshal of a struct", run: func() float64 {
			return each(func() {
				for i := range count {
					_, err := json.Marshal(&structs[i%native.Messages])
					must(err)
				}
			})
		}},
		{name: "json.Marshal of a map", run: func() float64 {
			return each(func() {
				for i := range count {
					_, err := json.Marshal(maps[i%batch])
					must(err)
				}
			})
		}},
		{name: "json.Unmarshal to a struct", run: func() float64 {
			return each(func() {
				for i := range count {
					var value reading
					must(json.Unmarshal(texts[i%native.Messages], &value))
				}
			})
		}},
		{name: "append-raw", run: appendAll(func(i int) any { return raw[i] })},
		{name: "append-struct", run: appendAll(func(i int) any { return &structs[i] })},
		{name: "append-map", run: appendAll(func(i int) any { return maps[i%batch] })},
		{name: "append-message", run: func() float64 {
			return each(func() {
				for i := range count {
					_, err := pool.Append(raw[i%native.Messages], nil, plasmite.DurabilityFast)
					must(err)
				}
			})
		}},
		{name: "batch-raw", run: batches(rawItems, func(i int) any { return raw[i] })},
		{name: "batch-struct", run: batches(structItems, func(i int) any { return &structs[i] })},
		{name: "tail-next", run: reads(func(tail *plasmite.Tail) int {
			for n := 0; ; n++ {
				_, err := tail.Next(ctx)
				if err == io.EOF {
					return n
				}
				must(err)
			}
		})},
		{name: "tail-batch", run: reads(func(tail *plasmite.Tail) (n int) {
			for {
				messages, err := tail.NextBatch(ctx, 0)
				if err == io.EOF {
					return n
				}
				must(err)
				n += len(messages)
			}
		})},
		{name: "tail-struct", run: reads(func(tail *plasmite.Tail) (n int) {
			for {
				messages, err := tail.NextBatch(ctx, 0)
				if err == io.EOF {
					return n
				}
				must(err)
				for i := range messages {
					_, err := plasmite.Decode[reading](&messages[i])
					must(err)
				}
				n += len(messages)
			}
		})},
		{name: "live through a pool", run: func() float64 { return eachOnTheWall(func() { throughPool(pool, structs) }) }},
		{name: "live through a Unix socket", run: func() float64 { return eachOnTheWall(func() { throughSocket(dir, structs) }) }},
	}
	for range rounds {
		for _, p := range passes {
			runtime.GC()
			p.took = append(p.took, p.run())
		}
	}
	print(passes)
	inC.Close()
	pool.Close()
}

// throughPool sends structs from one goroutine to another through the pool.
func throughPool(pool *plasmite.Pool, structs []reading) {
	ctx := context.Background()
	tail, err := pool.OpenTail(plasmite.FromNow(), plasmite.FailOnGap(), plasmite.Limit(count))
	must(err)
	defer tail.Close()
	go func() {
		for i := range count {
			_, err := pool.AppendContext(ctx, &structs[i%native.Messages])
			must(err)
		}
	}()
	for received := 0; received < count; {
		messages, err := tail.NextBatch(ctx, 0)
		must(err)
		for i := range messages {
			value, err := plasmite.Decode[reading](&messages[i])
			must(err)
			if value.Count != structs[received%native.Messages].Count {
				must(fmt.Errorf("message %d came back as another", received))
			}
			received++
		}
	}
}

// throughSocket does the same with encoding/json over a Unix socket and a channel at its end.
func throughSocket(dir string, structs []reading) {
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	must(err)
	defer listener.Close()
	go func() {
		to, err := net.Dial("unix", listener.Addr().String())
		must(err)
		defer to.Close()
		encoder := json.NewEncoder(to)
		for i := range count {
			must(encoder.Encode(&structs[i%native.Messages]))
		}
	}()
	from, err := listener.Accept()
	must(err)
	defer from.Close()
	values := make(chan reading, batch)
	go func() {
		decoder := json.NewDecoder(from)
		for range count {
			var value reading
			must(decoder.Decode(&value))
			values <- value
		}
		close(values)
	}()
	received := 0
	for value := range values {
		if value.Count != structs[received%native.Messages].Count {
			must(fmt.Errorf("message %d came back as another", received))
		}
		received++
	}
}

// print shows each Go path beside the C path and the JSON under it: medians of the rounds, ratios taken within a round.
func print(passes []*pass) {
	named := map[string]*pass{}
	for _, p := range passes {
		named[p.name] = p
	}
	fmt.Printf("Go SDK, %s: %d rounds of %d standard messages, CPU time a message\n\n", runtime.Version(), rounds, count)
	for _, p := range passes[:7] {
		fmt.Printf("  %-28s %6.0f ns\n", p.name, median(p.took))
	}
	fmt.Printf("\n%-16s %9s %7s %12s %14s  %s\n", "row", "a message", "/ C", "/ (C + JSON)", "over C + JSON", "what")
	row := func(name, c, encoder, what string) {
		var ratios, ofBoth, over []float64
		for i, took := range named[name].took {
			floor := named[c].took[i]
			ratios = append(ratios, took/floor)
			if encoder != "" {
				floor += named[encoder].took[i]
			}
			ofBoth, over = append(ofBoth, took/floor), append(over, took-floor)
		}
		fmt.Printf("%-16s %6.0f ns %6.2fx %11.2fx %+11.0f ns  %s\n",
			name, median(named[name].took), median(ratios), median(ofBoth), median(over), what)
	}
	const single, echo, batched, tail = "C append", "C append, envelope back", "C append, batches of 64", "C tail, JSON"
	const marshal, unmarshal = "json.Marshal of a struct", "json.Unmarshal to a struct"
	row("append-raw", single, "", "AppendContext of a json.RawMessage")
	row("append-struct", single, marshal, "AppendContext of a struct")
	row("append-map", single, "json.Marshal of a map", "AppendContext of a map[string]any")
	row("append-message", echo, "", "Append, which gives the message back; C: with the envelope")
	row("batch-raw", batched, "", "AppendMany, 64 json.RawMessage")
	row("batch-struct", batched, marshal, "AppendMany, 64 structs")
	row("tail-next", tail, "", "Tail.Next: *Message")
	row("tail-batch", tail, "", "Tail.NextBatch: []Message")
	row("tail-struct", tail, unmarshal, "Tail.NextBatch and Decode to a struct")
	var ratios []float64
	pool, socket := named["live through a pool"].took, named["live through a Unix socket"].took
	for i := range pool {
		ratios = append(ratios, pool[i]/socket[i])
	}
	fmt.Printf("\nlive, struct to struct, wall time: a pool %.0f ns, a Unix socket with encoding/json %.0f ns: %.2fx\n",
		median(pool), median(socket), median(ratios))
}
