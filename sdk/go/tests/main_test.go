// Package tests tries the Go SDK from outside, as programs use it.
package tests

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// TestMain fails when a goroutine is left, and runs this program as a helper process when asked to.
func TestMain(m *testing.M) {
	if helper := os.Getenv("PLASMITE_GO_HELPER"); helper != "" {
		os.Exit(runHelper(helper))
	}
	goleak.VerifyTestMain(m)
}

// limited is a context that ends when a test hangs.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func newClient(t *testing.T) *plasmite.Client {
	t.Helper()
	client, err := plasmite.NewClient(t.TempDir())
	must(t, err)
	t.Cleanup(client.Close)
	return client
}

func newPool(t *testing.T, opts ...plasmite.PoolOption) *plasmite.Pool {
	t.Helper()
	pool, err := newClient(t).Create("events", opts...)
	must(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// fill appends so many messages {"n":1}, {"n":2}, ...
func fill(t *testing.T, pool *plasmite.Pool, count int) {
	t.Helper()
	items := make([]plasmite.Item, count)
	for i := range items {
		items[i].Value = map[string]int{"n": i + 1}
	}
	_, err := pool.AppendMany(context.Background(), items)
	must(t, err)
}

func number(t *testing.T, message *plasmite.Message) int {
	t.Helper()
	data, err := plasmite.Decode[struct{ N int }](message)
	must(t, err)
	return data.N
}

// overwrite appends until a message is gone.
func overwrite(t *testing.T, pool *plasmite.Pool, seq uint64) {
	t.Helper()
	padding := json.RawMessage(`"` + string(make4k()) + `"`)
	for {
		bounds, err := pool.Bounds()
		must(t, err)
		if bounds.Oldest > seq {
			return
		}
		_, err = pool.AppendContext(context.Background(), padding)
		must(t, err)
	}
}

func make4k() []byte {
	bytes := make([]byte, 4000)
	for i := range bytes {
		bytes[i] = 'x'
	}
	return bytes
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails checks an error and tells it as the library's.
func fails(t *testing.T, err, want error) *plasmite.Error {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got the error %v, want %v", err, want)
	}
	var failure *plasmite.Error
	errors.As(err, &failure)
	return failure
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func pointer[T any](value T) *T { return &value }
