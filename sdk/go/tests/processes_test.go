package tests

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
	"github.com/sandover/plasmite/bindings/go/tests/native"
)

// helper is this program, running one of the functions below.
func helper(ctx context.Context, name, path string) *exec.Cmd {
	command := exec.CommandContext(ctx, os.Args[0])
	command.Env = append(os.Environ(), "PLASMITE_GO_HELPER="+name, "PLASMITE_GO_POOL="+path)
	command.Stderr = os.Stderr
	return command
}

func runHelper(name string) int {
	client, err := plasmite.NewDefaultClient()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	pool, err := client.Open(plasmite.PoolRefPath(os.Getenv("PLASMITE_GO_POOL")))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch name {
	case "write":
		for i := range 200 {
			if _, err := pool.Append(map[string]int{"pid": os.Getpid(), "i": i}, nil); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
	case "write-for-ever":
		fmt.Println("begun")
		for i := 0; ; i++ {
			if _, err := pool.Append(i, nil, plasmite.DurabilityFlush); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
	case "die-writing":
		if _, err := native.HoldWriterLock(pool.Path()); err != nil {
			return 1
		}
		return 0 // with the lock
	case "leave-open":
		tail, err := pool.OpenTail(plasmite.FromNow())
		if err != nil {
			return 1
		}
		go tail.Next(context.Background())
		pool.Tail(context.Background(), plasmite.TailOptions{})
		time.Sleep(20 * time.Millisecond) // both wait in C
		return 0
	default:
		panicOnGap(name, pool)
	}
	return 0
}

func TestWritersInOtherProcesses(t *testing.T) {
	pool := newPool(t)
	ctx := limited(t)
	tail, err := pool.OpenTail(plasmite.Limit(600))
	must(t, err)
	defer tail.Close()
	var group sync.WaitGroup
	for range 3 {
		group.Add(1)
		go func() {
			defer group.Done()
			if err := helper(ctx, "write", pool.Path()).Run(); err != nil {
				t.Error(err)
			}
		}()
	}
	next := map[int]int{}
	for seq := uint64(1); seq <= 600; seq++ {
		message, err := tail.Next(ctx)
		must(t, err)
		equal(t, "seq", message.Seq, seq)
		data, err := plasmite.Decode[struct{ Pid, I int }](message)
		must(t, err)
		equal(t, "each writer's order", data.I, next[data.Pid])
		next[data.Pid]++
	}
	group.Wait()
	equal(t, "writers", len(next), 3)
}

func TestAKilledWriterHoldsNobodyUp(t *testing.T) {
	pool := newPool(t)
	for range 5 {
		writer := helper(limited(t), "write-for-ever", pool.Path())
		out, err := writer.StdoutPipe()
		must(t, err)
		must(t, writer.Start())
		_, err = bufio.NewReader(out).ReadString('\n')
		must(t, err)
		_, err = pool.AppendContext(limited(t), "beside it")
		must(t, err)
		must(t, writer.Process.Kill())
		_ = writer.Wait()
		_, err = pool.AppendContext(limited(t), "after it")
		must(t, err)
	}
	report, err := mustClient(t).Validate(limited(t), plasmite.PoolRefPath(pool.Path()))
	must(t, err)
	equal(t, "in order", report.OK(), true)
}

func TestExitWithOpenHandles(t *testing.T) {
	must(t, helper(limited(t), "leave-open", newPool(t).Path()).Run())
}

func mustClient(t *testing.T) *plasmite.Client {
	t.Helper()
	client, err := plasmite.NewClient(".")
	must(t, err)
	t.Cleanup(client.Close)
	return client
}

func TestDefaultDirectory(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	equal(t, "directory", plasmite.DefaultPoolDir(), home+"/.plasmite/pools")
	client, err := plasmite.NewDefaultClient()
	must(t, err)
	defer client.Close()
	pool, err := client.CreatePool("p", 0)
	must(t, err)
	pool.Close()
	_, err = os.Stat(home + "/.plasmite/pools/p.plasmite")
	must(t, err)
	must(t, os.Unsetenv("HOME"))
	equal(t, "directory without HOME", plasmite.DefaultPoolDir(), "")
	_, err = plasmite.NewDefaultClient()
	fails(t, err, plasmite.ErrUsage)
}

// A pool whose writer died with its lock is taken over by the next one, which says so.
func TestLogger(t *testing.T) {
	pool := newPool(t)
	fill(t, pool, 1)
	must(t, helper(limited(t), "die-writing", pool.Path()).Run())
	var text strings.Builder
	var mu sync.Mutex
	plasmite.SetLogger(slog.New(slog.NewJSONHandler(lockedWriter{&mu, &text}, nil)))
	_, err := pool.Append(1, nil)
	plasmite.SetLogger(nil)
	must(t, err)
	mu.Lock()
	defer mu.Unlock()
	var line struct{ Level, Msg, Library string }
	must(t, json.Unmarshal([]byte(text.String()), &line))
	equal(t, "level", line.Level, "INFO")
	equal(t, "library", line.Library, "plasmite")
	if line.Msg == "" {
		t.Fatal(text.String())
	}
}

type lockedWriter struct {
	mu   *sync.Mutex
	text *strings.Builder
}

func (w lockedWriter) Write(bytes []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(bytes)
}
