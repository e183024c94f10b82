// Command worker is a worker of the soak in Go: worker ROLE DIR POOL WRITER SPREAD N. See worker.c.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

const batch = 3

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func message(writer, n, spread uint64) json.RawMessage {
	state := uint32(writer)*0x9e3779b1 + uint32(n)*0x85ebca77
	next := func() uint32 {
		state = state*1664525 + 1013904223
		return state >> 8
	}
	length := 30 + int(uint64(next())%spread)
	text := fmt.Appendf(nil, `{"w":%d,"n":%d,"p":"`, writer, n)
	for len(text) < length {
		text = append(text, byte('a'+next()%26))
	}
	return append(text, '"', '}')
}

// now is the monotonic clock as other processes read it.
func now() int64 {
	const monotonic = 1
	var at syscall.Timespec
	_, _, _ = syscall.Syscall(syscall.SYS_CLOCK_GETTIME, monotonic, uintptr(unsafe.Pointer(&at)), 0)
	return at.Nano()
}

func say(format string, values ...any) { _, _ = os.Stdout.Write(fmt.Appendf(nil, format, values...)) }

func run(args []string) error {
	client, err := plasmite.NewClient(args[1])
	if err != nil {
		return err
	}
	pool, err := client.Open(plasmite.PoolRef(args[2]))
	if err != nil {
		return err
	}
	writer, _ := strconv.ParseUint(args[3], 10, 64)
	spread, _ := strconv.ParseUint(args[4], 10, 64)
	n, _ := strconv.ParseUint(args[5], 10, 64)
	wanted := make(chan os.Signal, 1)
	signal.Notify(wanted, syscall.SIGUSR2)
	if args[0] == "read" {
		return read(pool, wanted)
	}
	say("r\n")
	forever := plasmite.WithLockWait(-time.Second)
	for {
		if err := startAnew(wanted, n); err != nil {
			return err
		}
		begin := now()
		if args[0] == "batch" {
			items := make([]plasmite.Item, batch)
			for index := range items {
				items[index].Value = message(writer, n+uint64(index), spread)
			}
			receipts, err := pool.AppendMany(context.Background(), items, forever)
			if err != nil {
				return err
			}
			say("a %d %d %d %d %d\n", n, receipts[0].Seq, batch, begin, now())
			n += batch
			continue
		}
		receipt, err := pool.AppendContext(context.Background(), message(writer, n, spread), forever)
		if err != nil {
			return err
		}
		say("a %d %d 1 %d %d\n", n, receipt.Seq, begin, now())
		n++
	}
}

// startAnew runs this program again in this process, beginning with message n, if that is wanted.
func startAnew(wanted <-chan os.Signal, n uint64) error {
	select {
	case <-wanted:
		words := append([]string(nil), os.Args...)
		words[6] = strconv.FormatUint(n, 10)
		return syscall.Exec(words[0], words, os.Environ())
	default:
		return nil
	}
}

func read(pool *plasmite.Pool, wanted <-chan os.Signal) error {
	tail, err := pool.OpenTail(plasmite.OnGap(func(gap plasmite.Gap) {
		bounds, err := pool.Bounds()
		if err != nil {
			log.Fatal(err)
		}
		say("g %d %d %d\n", gap.First, gap.Last, bounds.Oldest)
	}))
	if err != nil {
		return err
	}
	say("r\n")
	for {
		message, err := tail.Next(context.Background())
		if err != nil {
			return err
		}
		say("m %d %s\n", message.Seq, message.Data)
		if err := startAnew(wanted, 1); err != nil {
			return err
		}
	}
}
