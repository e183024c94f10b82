package tests

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

func TestKindsOfErrors(t *testing.T) {
	names := map[plasmite.ErrorKind]string{
		plasmite.ErrorInternal: "Internal", plasmite.ErrorUsage: "Usage", plasmite.ErrorNotFound: "NotFound",
		plasmite.ErrorAlreadyExists: "AlreadyExists", plasmite.ErrorBusy: "Busy", plasmite.ErrorPermission: "Permission",
		plasmite.ErrorCorrupt: "Corrupt", plasmite.ErrorIO: "Io", plasmite.ErrorRetentionGap: "RetentionGap",
		77: "ErrorKind(77)", -1: "ErrorKind(-1)",
	}
	all := []error{
		plasmite.ErrInternal, plasmite.ErrUsage, plasmite.ErrNotFound, plasmite.ErrAlreadyExists, plasmite.ErrBusy,
		plasmite.ErrPermission, plasmite.ErrCorrupt, plasmite.ErrIO, plasmite.ErrRetentionGap,
	}
	for kind, name := range names {
		equal(t, "name", kind.String(), name)
		for i, target := range all {
			failure := error(&plasmite.Error{Kind: kind, Message: "m"})
			equal(t, name+" is "+target.Error(), errors.Is(failure, target), int(kind) == i+1)
		}
	}
	for target, kind := range map[error]plasmite.ErrorKind{
		fs.ErrNotExist: plasmite.ErrorNotFound, fs.ErrExist: plasmite.ErrorAlreadyExists,
		fs.ErrPermission: plasmite.ErrorPermission, fs.ErrInvalid: plasmite.ErrorUsage,
	} {
		equal(t, target.Error(), errors.Is(&plasmite.Error{Kind: kind}, target), true)
		equal(t, target.Error(), errors.Is(&plasmite.Error{Kind: plasmite.ErrorIO}, target), false)
	}
	equal(t, "text", (&plasmite.Error{Kind: plasmite.ErrorIO, Message: "m", Path: "/p"}).Error(), "plasmite: m (/p)")
	equal(t, "text", (&plasmite.Error{Kind: plasmite.ErrorIO}).Error(), "plasmite: Io")
}

func TestWhatErrorsTell(t *testing.T) {
	client := newClient(t)
	dir, err := client.Dir()
	must(t, err)
	path := filepath.Join(dir, "bad.plasmite")
	must(t, os.WriteFile(path, []byte("NOPE"), 0o600))
	_, err = client.Open("bad")
	failure := fails(t, err, plasmite.ErrCorrupt)
	equal(t, "path", failure.Path, path)
	if !strings.Contains(err.Error(), path) {
		t.Fatal(err)
	}
	pool := newPool(t)
	_, err = pool.AppendJSON([]byte(`{"a":1,}`), nil, plasmite.DurabilityFast)
	failure = fails(t, err, plasmite.ErrUsage)
	if failure.Offset == nil || *failure.Offset != 7 || failure.MaybeWritten {
		t.Fatalf("%#v", failure)
	}
	_, err = pool.AppendJSON([]byte(`"\ud800"`), nil, plasmite.DurabilityFast)
	failure = fails(t, err, plasmite.ErrUsage)
	if failure.Hint == "" {
		t.Fatalf("no hint: %#v", failure)
	}
	must(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	below, err := plasmite.NewClient(filepath.Join(dir, "file", "below"))
	must(t, err)
	defer below.Close()
	_, err = below.Create("p")
	failure = fails(t, err, plasmite.ErrIO)
	// The one that is in the way.
	equal(t, "path", failure.Path, filepath.Join(dir, "file"))
}
