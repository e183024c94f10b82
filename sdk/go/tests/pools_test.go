package tests

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
