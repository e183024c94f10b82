// Command bench compares the Go SDK with the C calls under it and with encoding/json, in one run, and with a Unix socket.
// The message is the standard one of bench/: a flat object of about 100 bytes with five fields.
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
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
	"github.com/sandover/plasmite/bindings/go/tests/native"
)

const (
	count    = 64 * 2048 // messages a round
	batch    = 64
	rounds   = 9
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

func (p *pass) median() float64 {
	sorted := slices.Clone(p.took)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func each(run func()) float64 {
	start := time.Now()
	run()
	return float64(time.Since(start)) / count
}

func main() {
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
	maps := make([]map[string]any, native.Messages)
	for i := range texts {
		texts[i] = native.Message(i)
		must(json.Unmarshal(texts[i], &structs[i]))
		must(json.Unmarshal(texts[i], &maps[i]))
	}
	rawItems, structItems := make([]plasmite.Item, batch), make([]plasmite.Item, batch)
	inC.Append(2 * poolSize / 150) // lapped

	perC := func(took time.Duration) float64 { return float64(took) / count }
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
			start := time.Now()
			messages := read(tail)
			took := time.Since(start)
			bounds, err := pool.Bounds()
			must(err)
			if uint64(messages) != bounds.Count {
				must(fmt.Errorf("read %d messages of %d", messages, bounds.Count))
			}
			return float64(took) / float64(messages)
		}
	}
	passes := []*pass{
		{name: "C append", run: func() float64 { return perC(inC.Append(count)) }},
		{name: "C append, envelope back", run: func() float64 { return perC(inC.AppendEcho(count)) }},
		{name: "C append, batches of 64", run: func() float64 { return perC(inC.AppendBatch(count, batch)) }},
		{name: "C tail, JSON", run: func() float64 {
			took, messages := inC.TailJSON()
			return float64(took) / float64(messages)
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
					_, err := json.Marshal(maps[i%native.Messages])
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
		{name: "append-raw", run: appendAll(func(i int) any { return texts[i] })},
		{name: "append-struct", run: appendAll(func(i int) any { return &structs[i] })},
		{name: "append-map", run: appendAll(func(i int) any { return maps[i] })},
		{name: "append-message", run: func() float64 {
			return each(func() {
				for i := range count {
					_, err := pool.Append(texts[i%native.Messages], nil, plasmite.DurabilityFast)
					must(err)
				}
			})
		}},
		{name: "batch-raw", run: batches(rawItems, func(i int) any { return texts[i] })},
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
		{name: "live through a pool", run: func() float64 { return each(func() { throughPool(pool, structs) }) }},
		{name: "live through a Unix socket", run: func() float64 { return each(func() { throughSocket(dir, structs) }) }},
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

// print shows each Go path beside the C path and the JSON under it.
func print(passes []*pass) {
	took := map[string]float64{}
	for _, p := range passes {
		took[p.name] = p.median()
	}
	fmt.Printf("Go SDK, %s, medians of %d rounds of %d standard messages\n\n", runtime.Version(), rounds, count)
	fmt.Println("floors:")
	for _, p := range passes[:7] {
		fmt.Printf("  %-28s %6.0f ns\n", p.name, took[p.name])
	}
	c, echo, batched, tail := took["C append"], took["C append, envelope back"], took["C append, batches of 64"], took["C tail, JSON"]
	marshal, unmarshal := took["json.Marshal of a struct"], took["json.Unmarshal to a struct"]
	fmt.Printf("\n%-28s %9s %8s %14s  %s\n", "row", "a message", "/ C", "over C + JSON", "what")
	row := func(name string, c, encoder float64, about string) {
		fmt.Printf("%-28s %6.0f ns %7.2fx %+11.0f ns  %s\n", name, took[name], took[name]/c, took[name]-c-encoder, about)
	}
	row("append-raw", c, 0, "AppendContext of a json.RawMessage")
	row("append-struct", c, marshal, "AppendContext of a struct")
	row("append-map", c, took["json.Marshal of a map"], "AppendContext of a map[string]any")
	row("append-message", echo, 0, "Append, which gives the message back; C: with the envelope")
	row("batch-raw", batched, 0, "AppendMany, 64 json.RawMessage")
	row("batch-struct", batched, marshal, "AppendMany, 64 structs")
	row("tail-next", tail, 0, "Tail.Next: *Message")
	row("tail-batch", tail, 0, "Tail.NextBatch: []Message")
	row("tail-struct", tail, unmarshal, "Tail.NextBatch and Decode to a struct")
	pool, socket := took["live through a pool"], took["live through a Unix socket"]
	fmt.Printf("\nlive, struct to struct: a pool %.0f ns, a Unix socket with encoding/json %.0f ns: %.2fx\n", pool, socket, pool/socket)
}
