package tests

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sandover/plasmite/bindings/go/api"
	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

func TestCreateOpenEnsure(t *testing.T) {
	client := newClient(t)
	_, err := client.OpenPool("events")
	failure := fails(t, err, fs.ErrNotExist)
	equal(t, "kind", failure.Kind, plasmite.ErrorNotFound)
	if !strings.HasSuffix(failure.Path, "/events.plasmite") || !strings.Contains(failure.Message, "not found") {
		t.Fatalf("%#v", failure)
	}
	pool, err := client.CreatePool(plasmite.PoolRefName("events"), 0)
	must(t, err)
	defer pool.Close()
	_, err = client.CreatePool("events", 0)
	fails(t, err, fs.ErrExist)
	again, created, err := client.Ensure("events")
	must(t, err)
	defer again.Close()
	equal(t, "created", created, false)
	info, err := again.Info()
	must(t, err)
	equal(t, "size", info.FileSize, plasmite.DefaultPoolSizeBytes)
	equal(t, "name", info.Name, "events")
	equal(t, "time of an empty pool", info.OldestTime.IsZero(), true)

	third, err := client.Pool("other", 65536)
	must(t, err)
	defer third.Close()
	told, err := client.Info("other")
	must(t, err)
	equal(t, "size", told.FileSize, 65536)
}

func TestOneOfManyCreates(t *testing.T) {
	client := newClient(t)
	var made atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			pool, created, err := client.Ensure("raced")
			if err != nil {
				t.Error(err)
				return
			}
			pool.Close()
			if created {
				made.Add(1)
			}
		}()
	}
	group.Wait()
	equal(t, "pools made", made.Load(), 1)
}

func TestOptionsOfPools(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("p", plasmite.WithSize(100_000), plasmite.WithIndexCapacity(0), plasmite.WithMode(0o640))
	must(t, err)
	defer pool.Close()
	info, err := pool.Info()
	must(t, err)
	equal(t, "index", info.IndexCapacity, 0)
	stat, err := os.Stat(pool.Path())
	must(t, err)
	equal(t, "size", stat.Size(), 100_000)
	equal(t, "mode", stat.Mode().Perm()&^0o640, 0)
	_, err = client.Create("small", plasmite.WithSize(1))
	fails(t, err, plasmite.ErrUsage)
	exists, err := client.Exists("small")
	must(t, err)
	equal(t, "a pool that was too small exists", exists, false)
}

func TestReadOnly(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("p")
	must(t, err)
	defer pool.Close()
	fill(t, pool, 1)
	reader, err := client.OpenReadOnly("p")
	must(t, err)
	defer reader.Close()
	equal(t, "read only", reader.IsReadOnly(), true)
	_, err = reader.Append(1, nil)
	fails(t, err, fs.ErrPermission)
	message, err := reader.Get(1)
	must(t, err)
	equal(t, "n", number(t, message), 1)
}

func TestListAndDelete(t *testing.T) {
	client := newClient(t)
	entries, err := client.List()
	must(t, err)
	equal(t, "pools of an empty directory", len(entries), 0)
	for _, name := range []api.PoolRef{"b", "a"} {
		pool, err := client.Create(name)
		must(t, err)
		defer pool.Close()
	}
	dir, err := client.Dir()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "c.plasmite"), []byte("NOPE"), 0o600))
	entries, err = client.List()
	must(t, err)
	equal(t, "pools", len(entries), 3)
	equal(t, "first", entries[0].Name, "a")
	equal(t, "info", entries[0].Info.FileSize, plasmite.DefaultPoolSizeBytes)
	fails(t, entries[2].Err, plasmite.ErrCorrupt)
	if entries[2].Info != nil || entries[1].ModTime.IsZero() {
		t.Fatalf("%+v", entries)
	}

	err = client.Delete("a", "missing", "b")
	failure := fails(t, err, plasmite.ErrNotFound)
	if !strings.Contains(failure.Path, "missing") {
		t.Fatal(err)
	}
	exists, err := client.Exists("b")
	must(t, err)
	equal(t, "b exists", exists, false)
	path, err := client.Resolve("b")
	must(t, err)
	equal(t, "path", path, filepath.Join(dir, "b.plasmite"))
}

func TestDeletedUnderAHandle(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("p")
	must(t, err)
	defer pool.Close()
	tail, err := pool.OpenTail()
	must(t, err)
	defer tail.Close()
	waiting := make(chan error)
	go func() {
		_, err := tail.Next(limited(t))
		waiting <- err
	}()
	must(t, client.Delete("p"))
	fails(t, <-waiting, plasmite.ErrNotFound)
	current, err := pool.IsCurrent()
	must(t, err)
	equal(t, "current", current, false)
	_, err = pool.Append(1, nil)
	fails(t, err, plasmite.ErrNotFound)
}

func TestValidate(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("p")
	must(t, err)
	defer pool.Close()
	fill(t, pool, 100)
	ctx := limited(t)
	var steps int
	report, err := client.Validate(ctx, "p", plasmite.ValidateOptions{OnProgress: func(plasmite.Progress) { steps++ }})
	must(t, err)
	if !report.OK() || report.Bounds.Count != 100 || *report.LastGoodSeq != 100 || steps == 0 {
		t.Fatalf("%+v", report)
	}
	// One byte of a message, in the middle of what is used of the ring.
	info, err := pool.Info()
	must(t, err)
	file, err := os.OpenFile(pool.Path(), os.O_RDWR, 0)
	must(t, err)
	defer file.Close()
	at := int64(info.RingOffset + info.UsedBytes/2)
	bytes := make([]byte, 16)
	_, err = file.ReadAt(bytes, at)
	must(t, err)
	for i := range bytes {
		bytes[i] ^= 0xff
	}
	_, err = file.WriteAt(bytes, at)
	must(t, err)
	reports, err := client.ValidateAll(ctx)
	must(t, err)
	equal(t, "reports", len(reports), 1)
	if reports[0].OK() || len(reports[0].Issues) == 0 || reports[0].Issues[0].Code != "corrupt" || reports[0].Issues[0].Message == "" {
		t.Fatalf("%+v", reports[0])
	}
	_, err = client.Validate(ctx, "missing")
	fails(t, err, plasmite.ErrNotFound)
}

func TestMigrateRefuses(t *testing.T) {
	client := newClient(t)
	_, err := client.Migrate("missing", "")
	fails(t, err, plasmite.ErrNotFound)
	pool, err := client.Create("p")
	must(t, err)
	pool.Close()
	_, err = client.Migrate("p", "q")
	fails(t, err, plasmite.ErrUsage)
}

// spoil overwrites texts of a file, each of which is there once.
func spoil(t *testing.T, path string, texts ...string) {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	for _, text := range texts {
		equal(t, text, bytes.Count(content, []byte(text)), 1)
		content = bytes.Replace(content, []byte(text), bytes.Repeat([]byte("#"), len(text)), 1)
	}
	must(t, os.WriteFile(path, content, 0o600))
}

func TestSalvage(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("damaged", plasmite.WithSize(65536), plasmite.WithMode(0o640))
	must(t, err)
	var before []string
	for n := 1; n <= 9; n++ {
		message, err := pool.Append(map[string]any{"n": n, "text": fmt.Sprintf("message-%d", n)}, []string{"tag"})
		must(t, err)
		if n != 4 && n != 6 && n != 7 {
			before = append(before, string(message.Raw))
		}
	}
	path := pool.Path()
	pool.Close()
	spoil(t, path, "message-4", "message-6", "message-7")
	kept, err := os.ReadFile(path)
	must(t, err)

	brought, err := client.Salvage("damaged", "rescued")
	must(t, err)
	want := &plasmite.Salvaged{
		Bounds: plasmite.Bounds{Oldest: 1, Newest: 9, Count: 6}, Lost: 3, LostRanges: 2, Size: 65536,
		Ranges: []plasmite.Gap{{First: 4, Last: 4, Count: 1}, {First: 6, Last: 7, Count: 2}},
	}
	if !reflect.DeepEqual(brought, want) {
		t.Fatalf("%+v", brought)
	}
	now, err := os.ReadFile(path)
	must(t, err)
	equal(t, "the damaged file is as it was", bytes.Equal(now, kept), true)
	rescued, err := client.Open("rescued")
	must(t, err)
	defer rescued.Close()
	var after []string
	rescued.Range(limited(t), 1, 9)(func(message *plasmite.Message, err error) bool {
		must(t, err)
		after = append(after, string(message.Raw))
		return true
	})
	equal(t, "messages", strings.Join(after, "\n"), strings.Join(before, "\n"))
	stat, err := os.Stat(rescued.Path())
	must(t, err)
	equal(t, "mode", stat.Mode().Perm(), 0o640)

	larger, err := client.Salvage(plasmite.PoolRefPath(path), "larger", plasmite.WithSize(100_000), plasmite.WithIndexCapacity(0))
	must(t, err)
	equal(t, "size", larger.Size, 100_000)
}

func TestSalvageRefuses(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("p")
	must(t, err)
	defer pool.Close()
	_, err = client.Salvage("missing", "new")
	fails(t, err, fs.ErrNotExist)
	_, err = client.Salvage("p", "p")
	fails(t, err, fs.ErrExist)
	_, err = client.Salvage("p", "new", plasmite.WithSize(100))
	fails(t, err, plasmite.ErrUsage)
	dir, err := client.Dir()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "none.plasmite"), []byte("NOPE"), 0o600))
	_, err = client.Salvage("none", "new")
	failure := fails(t, err, plasmite.ErrCorrupt)
	equal(t, "path", failure.Path, filepath.Join(dir, "none.plasmite"))
	exists, err := client.Exists("new")
	must(t, err)
	equal(t, "a pool that could not be made exists", exists, false)
}

func TestWritersAndWarnings(t *testing.T) {
	client := newClient(t)
	pool, err := client.Create("p")
	must(t, err)
	defer pool.Close()
	writers := func(pool *plasmite.Pool, want int) {
		t.Helper()
		count, err := pool.Writers()
		must(t, err)
		equal(t, "writers", count, want)
	}
	writers(pool, 0)
	fill(t, pool, 20)
	writers(pool, 1)
	warnings, err := pool.Warnings()
	must(t, err)
	equal(t, "warnings", len(warnings), 0)
	info, err := pool.Info()
	must(t, err)
	reader, err := client.OpenReadOnly("p")
	must(t, err)
	defer reader.Close()
	writers(reader, 1)
	pool.Close()
	writers(reader, 0)
	file, err := os.OpenFile(info.Path, os.O_RDWR, 0)
	must(t, err)
	defer file.Close()
	_, err = file.WriteAt(bytes.Repeat([]byte{0xff}, int(info.IndexSize)), int64(info.IndexOffset))
	must(t, err)
	warnings, err = reader.Warnings()
	must(t, err)
	if len(warnings) != 1 || !strings.Contains(warnings[0], "index") {
		t.Fatalf("%q", warnings)
	}
}

func TestGuard(t *testing.T) {
	must(t, plasmite.InstallGuard())
	pool := newPool(t)
	fill(t, pool, 1000)
	must(t, os.Truncate(pool.Path(), 8192))
	var failure *plasmite.Error
	if _, err := pool.Get(900); !errors.As(err, &failure) || failure.Kind != plasmite.ErrorCorrupt {
		t.Fatal(err)
	}
}
