package tests

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// behindProxy is the pool of a server, by way of a proxy. From then on `see` gets each request with the one that passes
// it on.
func behindProxy(t *testing.T, on server, see func(w http.ResponseWriter, r *http.Request, pass http.Handler)) *plasmite.Pool {
	t.Helper()
	target, err := url.Parse(on.url)
	must(t, err)
	forward := httputil.NewSingleHostReverseProxy(target)
	var armed atomic.Bool
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if armed.Load() {
			see(w, r, forward)
		} else {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(proxy.Close)
	pool, err := remote(t, proxy.URL, plasmite.WithRequestTimeout(300*time.Millisecond)).Open("events")
	must(t, err)
	t.Cleanup(pool.Close)
	armed.Store(true)
	return pool
}

// asksBounds tells a request for the newest seq from that of a tail.
func asksBounds(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/info") }

// What is written between the end of its time and the search's is not among the last few.
func TestReplayOfTheLastThatMatchedInTime(t *testing.T) {
	_, here, on := both(t)
	fill(t, here, 500)
	pool := behindProxy(t, on, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if !asksBounds(r) {
			pass.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		pass.ServeHTTP(answer, r)
		fill(t, here, 5)
		w.Write(answer.Body.Bytes())
	})
	for _, condition := range []string{"true", "([range(2000)] | add) > 0"} {
		bounds, err := here.Bounds()
		must(t, err)
		got := replayed(t, pool, plasmite.ReplayOptions{
			Start: plasmite.FromLast(2), Where: []string{condition}, Speed: 1e9, Timeout: time.Millisecond,
		})
		equal(t, condition, fmt.Sprint(got), fmt.Sprint([]uint64{bounds.Newest - 1, bounds.Newest}))
	}
}

// A server that is away at the end of its time ends no replay.
func TestReplayOutlastsAnOutage(t *testing.T) {
	const many = 1000
	_, here, on := both(t)
	fill(t, here, many)
	asked := make(chan struct{})
	var bounds, tails atomic.Int32
	pool := behindProxy(t, on, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		seen, from := &tails, int32(2) // the first one is there
		if asksBounds(r) {
			seen, from = &bounds, 1
		}
		if n := seen.Add(1); n >= from && n < from+2 {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		if asksBounds(r) {
			close(asked)
		}
		pass.ServeHTTP(w, r)
	})
	out, failures := pool.Replay(limited(t), plasmite.ReplayOptions{Speed: 1e9, Timeout: time.Millisecond})
	select { // until then the replay is held up
	case <-asked:
	case err := <-failures:
		t.Fatal(err)
	}
	read, err := drained(t, out, failures)
	must(t, err)
	equal(t, "messages", len(read), many)
	equal(t, "requests for the rest", tails.Load(), 4)
}

// Whatever a replay asks a server for ends with it, or before the pool is closed.
func TestReplaysThatEndWhileTheyAsk(t *testing.T) {
	_, here, on := both(t)
	fill(t, here, 10)
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"away":    func(w http.ResponseWriter, r *http.Request) { http.Error(w, "away", http.StatusServiceUnavailable) },
		"stalled": func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		for _, end := range []string{"cancel", "close"} {
			asked := make(chan struct{}, 100)
			pool := behindProxy(t, on, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				if !asksBounds(r) {
					pass.ServeHTTP(w, r)
					return
				}
				asked <- struct{}{}
				answer(w, r)
			})
			ctx, cancel := context.WithCancel(limited(t))
			defer cancel()
			out, failures := pool.Replay(ctx, plasmite.ReplayOptions{Speed: 1e9, Timeout: time.Millisecond})
			for range 2 {
				select {
				case <-asked:
				case err := <-failures:
					t.Fatal(err)
				}
			}
			want := context.Canceled
			if end == "cancel" {
				cancel()
			} else {
				want = plasmite.ErrClosed
				pool.Close()
			}
			_, err := drained(t, out, failures)
			fails(t, err, want)
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			if strings.Contains(string(stacks), "(*Pool).Bounds") {
				t.Fatalf("%s, %s: it still asks: %s", name, end, stacks)
			}
		}
	}
}
