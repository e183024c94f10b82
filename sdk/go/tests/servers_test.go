package tests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// server is a running one: its address, and the directory of its pools.
type server struct{ url, pools string }

// program is the command line, built beside the library.
func program(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("PLASMITE_LIB_DIR"); dir != "" {
		return filepath.Join(dir, "plasmite")
	}
	path, err := exec.LookPath("plasmite")
	if err != nil {
		t.Fatal("the tests of servers need the program plasmite: set PLASMITE_LIB_DIR to its directory, or run make test-go")
	}
	return path
}

// serve starts a server on a port of its own; it ends with the test.
func serve(t *testing.T, scheme string, options ...string) server {
	t.Helper()
	dir := t.TempDir()
	ready, pools := filepath.Join(dir, "ready"), filepath.Join(dir, "pools")
	command := exec.Command(program(t), append([]string{"--dir", pools, "serve", "--bind", "127.0.0.1:0"}, options...)...)
	command.Env = append(os.Environ(), "HOME="+dir, "PLASMITE_SERVE_READY_FILE="+ready)
	log, err := os.Create(filepath.Join(dir, "log"))
	must(t, err)
	command.Stderr = log
	must(t, command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		command.Process.Kill()
		<-ended
		log.Close()
	})
	for {
		address, err := os.ReadFile(ready)
		if err == nil && len(address) > 0 {
			return server{scheme + "://" + string(address), pools}
		}
		select {
		case err := <-ended:
			ended <- err
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("the server ended: %v: %s", err, said)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// secrets are a token and a certificate of `serve init`.
func secrets(t *testing.T) (token, certificate, key string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "made")
	must(t, exec.Command(program(t), "serve", "init", "--output-dir", dir).Run())
	file := func(name string) string { return filepath.Join(dir, "plasmite-"+name) }
	return file("auth-token.txt"), file("tls-cert.pem"), file("tls-key.pem")
}

func remote(t *testing.T, url string, opts ...plasmite.ClientOption) *plasmite.Client {
	t.Helper()
	client, err := plasmite.NewRemoteClient(url, opts...)
	must(t, err)
	t.Cleanup(client.Close)
	return client
}

// both is a pool of a server, and the same one as a file.
func both(t *testing.T, opts ...plasmite.PoolOption) (there, here *plasmite.Pool, on server) {
	t.Helper()
	on = serve(t, "http")
	there, err := remote(t, on.url).Create("events", opts...)
	must(t, err)
	t.Cleanup(there.Close)
	client, err := plasmite.NewClient(on.pools)
	must(t, err)
	t.Cleanup(client.Close)
	here, err = client.Open("events")
	must(t, err)
	t.Cleanup(here.Close)
	return there, here, on
}

func TestPoolsOfAServer(t *testing.T) {
	there, here, on := both(t, plasmite.WithSize(65536))
	client := remote(t, on.url)
	dir, err := client.Dir()
	must(t, err)
	equal(t, "the address", dir, on.url)
	equal(t, "name", there.Name(), "events")
	equal(t, "path", there.Path(), on.url+"/events")
	_, err = client.Create("events")
	fails(t, err, plasmite.ErrAlreadyExists)
	_, err = client.Open("none")
	fails(t, err, plasmite.ErrNotFound)
	_, err = client.Create("tiny", plasmite.WithSize(1))
	fails(t, err, plasmite.ErrUsage)
	_, created, err := client.Ensure("more")
	must(t, err)
	equal(t, "created", created, true)
	fill(t, here, 3)
	far, err := there.Info()
	must(t, err)
	near, err := here.Info()
	must(t, err)
	equal(t, "bounds", far.Bounds, near.Bounds)
	equal(t, "id", far.ID, near.ID)
	equal(t, "ring", far.RingSize, near.RingSize)
	list, err := client.List()
	must(t, err)
	equal(t, "pools", len(list), 2)
	equal(t, "size", list[0].Info.FileSize, 65536)
	exists, err := client.Exists("none")
	must(t, err)
	equal(t, "exists", exists, false)
	must(t, client.Delete("events"))
	_, err = there.AppendContext(limited(t), 1)
	fails(t, err, plasmite.ErrNotFound)
	fails(t, client.Delete("events"), plasmite.ErrNotFound)
}

func TestAddressesAreReferences(t *testing.T) {
	_, here, on := both(t)
	client := newClient(t)
	opened, err := client.OpenPool(plasmite.PoolRefURI(on.url + "/events"))
	must(t, err)
	defer opened.Close()
	message, err := opened.Append(map[string]int{"n": 1}, []string{"a"}, plasmite.DurabilityFlush)
	must(t, err)
	kept, err := here.Get(message.Seq)
	must(t, err)
	equal(t, "message", string(kept.Raw), string(message.Raw))
	for _, bad := range []string{"ftp://h/p", "http://h", "http://u@h/p", "http://h/a/b"} {
		_, err := client.Open(plasmite.PoolRef(bad))
		fails(t, err, plasmite.ErrUsage)
	}
	url := plasmite.PoolRef(on.url + "/events")
	_, err = client.Resolve(url)
	fails(t, err, plasmite.ErrUsage)
	_, err = client.Validate(limited(t), url)
	fails(t, err, plasmite.ErrUsage)
	_, err = client.Migrate(url, "")
	fails(t, err, plasmite.ErrUsage)
	_, err = client.Salvage(url, "new")
	fails(t, err, plasmite.ErrUsage)
	_, err = plasmite.NewRemoteClient("./data")
	fails(t, err, plasmite.ErrInvalidArgument)
}

func TestAppendsAndReadsOnAServer(t *testing.T) {
	there, here, _ := both(t, plasmite.WithSize(65536))
	ctx := limited(t)
	receipt, err := there.AppendContext(ctx, "é\x00", plasmite.WithTags("a", "b c"))
	must(t, err)
	far, err := there.Get(receipt.Seq)
	must(t, err)
	near, err := here.Get(receipt.Seq)
	must(t, err)
	equal(t, "message", string(far.Raw), string(near.Raw))
	equal(t, "time", far.Time, receipt.Time)
	_, err = there.AppendContext(ctx, 1, plasmite.ExpectNewest(7))
	fails(t, err, plasmite.ErrAlreadyExists)
	receipts, err := there.AppendMany(ctx, plasmite.Items([]int{1, 2, 3}, "all"))
	must(t, err)
	equal(t, "last", receipts[2].Seq, 4)
	frame, err := here.GetLite3(4)
	must(t, err)
	seq, err := there.AppendLite3(frame.Payload, plasmite.DurabilityFast)
	must(t, err)
	copied, err := there.GetLite3(seq)
	must(t, err)
	equal(t, "Lite3", string(copied.Payload), string(frame.Payload))
	_, err = there.Get(99)
	equal(t, "missing", *fails(t, err, plasmite.ErrNotFound).Seq, 99)
	_, err = there.AppendContext(ctx, strings.Repeat("x", 100_000))
	equal(t, "too large", fails(t, err, plasmite.ErrUsage).TooLarge, true)
	_, err = here.AppendContext(ctx, strings.Repeat("x", 100_000))
	equal(t, "too large here", fails(t, err, plasmite.ErrUsage).TooLarge, true)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = there.AppendContext(ended, 1)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	bounds, err := there.Bounds()
	must(t, err)
	equal(t, "newest", bounds.Newest, 5)
}

// What was stored is no failure, though the server cannot be asked for it any more.
func TestAppendsThatCannotBeReadBack(t *testing.T) {
	_, here, on := both(t)
	target, err := url.Parse(on.url)
	must(t, err)
	forward := httputil.NewSingleHostReverseProxy(target)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/messages/") {
			http.Error(w, "gone", http.StatusInternalServerError)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	there, err := remote(t, proxy.URL).Open("events")
	must(t, err)
	defer there.Close()
	stored, err := there.Append(map[string]int{"n": 1}, []string{"a"}, plasmite.WithTime(time.Unix(1, 0)))
	must(t, err)
	if stored.Seq != 1 || string(stored.Data) != `{"n":1}` || stored.Meta.Tags[0] != "a" || !stored.Time.Equal(time.Unix(1, 0)) {
		t.Fatalf("%+v", stored)
	}
	if bounds, err := here.Bounds(); err != nil || bounds.Newest != 1 {
		t.Fatal(bounds, err)
	}
}

func TestTailsOfAServer(t *testing.T) {
	there, here, _ := both(t, plasmite.WithSize(65536))
	ctx := limited(t)
	for n := 1; n <= 10; n++ {
		_, err := here.AppendContext(ctx, map[string]int{"n": n}, plasmite.WithTags([]string{"even", "odd"}[n%2]))
		must(t, err)
	}
	for _, want := range []struct {
		seqs    string
		options []plasmite.TailOption
	}{
		{"[1 2 3 4 5 6 7 8 9 10]", nil},
		{"[8 9 10]", []plasmite.TailOption{plasmite.FromSeq(8)}},
		{"[7 9]", []plasmite.TailOption{plasmite.FromLast(2), plasmite.WithTags("odd")}},
		{"[8 9 10]", []plasmite.TailOption{plasmite.Where(".data.n > 7")}},
		{"[]", []plasmite.TailOption{plasmite.FromNow()}},
		{"[1 2]", []plasmite.TailOption{plasmite.Limit(2)}},
	} {
		tail, err := there.OpenTail(append(want.options, plasmite.Snapshot())...)
		must(t, err)
		seqs := []uint64{}
		for message, err := tail.Next(ctx); err != io.EOF; message, err = tail.Next(ctx) {
			must(t, err)
			seqs = append(seqs, message.Seq)
		}
		tail.Close()
		equal(t, "seqs", fmt.Sprint(seqs), want.seqs)
	}
	tail, err := there.OpenTail(plasmite.FromNow())
	must(t, err)
	defer tail.Close()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	_, err = tail.Next(short)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(20 * time.Millisecond)
		here.AppendContext(ctx, map[string]int{"n": 11})
	}()
	message, err := tail.Next(ctx)
	must(t, err)
	equal(t, "late", number(t, message), 11)
	messages, failures := there.Tail(ctx, plasmite.TailOptions{SinceSeq: pointer(uint64(10)), MaxMessages: pointer(uint64(2))})
	equal(t, "from the channel", (<-messages).Seq, 10)
	equal(t, "from the channel", (<-messages).Seq, 11)
	must(t, <-failures)
	overwrite(t, here, 5)
	bounds, err := here.Bounds()
	must(t, err)
	var gap plasmite.Gap
	gaps, err := there.OpenTail(plasmite.FromSeq(1), plasmite.OnGap(func(told plasmite.Gap) { gap = told }))
	must(t, err)
	defer gaps.Close()
	message, err = gaps.Next(ctx)
	must(t, err)
	equal(t, "oldest", message.Seq, bounds.Oldest)
	equal(t, "gap", gap, plasmite.Gap{First: 1, Last: bounds.Oldest - 1, Count: bounds.Oldest - 1})
	strict, err := there.OpenTail(plasmite.FromSeq(1), plasmite.FailOnGap())
	must(t, err)
	defer strict.Close()
	_, err = strict.Next(ctx)
	equal(t, "first missing", *fails(t, err, plasmite.ErrRetentionGap).Seq, 1)
}

func TestTokensOfServers(t *testing.T) {
	token, _, _ := secrets(t)
	bytes, err := os.ReadFile(token)
	must(t, err)
	text := strings.TrimSpace(string(bytes))
	on := serve(t, "http", "--token-file", token)
	for _, wrong := range [][]plasmite.ClientOption{nil, {plasmite.WithToken("guess")}} {
		_, err := remote(t, on.url, wrong...).List()
		fails(t, err, plasmite.ErrPermission)
		_, err = remote(t, on.url, wrong...).Create("p")
		fails(t, err, os.ErrPermission)
	}
	for _, right := range []plasmite.ClientOption{plasmite.WithToken(text), plasmite.WithTokenFile(token)} {
		pool, _, err := remote(t, on.url, right).Ensure("p")
		must(t, err)
		_, err = pool.AppendContext(limited(t), 1)
		must(t, err)
		pool.Close()
	}
	client, err := plasmite.NewClientWith(t.TempDir(), plasmite.WithToken(text))
	must(t, err)
	defer client.Close()
	info, err := client.Info(plasmite.PoolRef(on.url + "/p"))
	must(t, err)
	equal(t, "count", info.Bounds.Count, 2)
	// Over plain HTTP a token goes to this machine alone.
	_, err = remote(t, "http://192.0.2.1:9700", plasmite.WithToken(text), plasmite.WithRequestTimeout(200*time.Millisecond)).List()
	if err == nil || !strings.Contains(err.Error(), "token") || strings.Contains(err.Error(), text) {
		t.Fatal(err)
	}
	_, err = plasmite.NewRemoteClient(on.url, plasmite.WithToken("a"), plasmite.WithTokenFile(token))
	fails(t, err, plasmite.ErrUsage)
	_, err = plasmite.NewRemoteClient(on.url, plasmite.WithTokenFile(token+".none"))
	fails(t, err, plasmite.ErrNotFound)
	_, err = plasmite.NewRemoteClient(on.url, plasmite.WithRequestTimeout(-1))
	fails(t, err, plasmite.ErrInvalidArgument)
	config := plasmite.ClientConfig{Token: &text}
	if shown := fmt.Sprintf("%v %+v %#v %s", config, config, config, config); strings.Contains(shown, text) {
		t.Fatal(shown)
	}
}

func TestTLS(t *testing.T) {
	token, certificate, key := secrets(t)
	on := serve(t, "https", "--token-file", token, "--tls-cert", certificate, "--tls-key", key)
	pool, _, err := remote(t, on.url, plasmite.WithTokenFile(token), plasmite.WithCAFile(certificate)).Ensure("p")
	must(t, err)
	defer pool.Close()
	_, err = pool.AppendContext(limited(t), "over TLS")
	must(t, err)
	tail, err := pool.OpenTail()
	must(t, err)
	defer tail.Close()
	_, err = tail.Next(limited(t))
	must(t, err)
	_, err = remote(t, on.url, plasmite.WithTokenFile(token), plasmite.WithSkipVerify()).List()
	must(t, err)
	_, err = remote(t, on.url, plasmite.WithTokenFile(token)).List()
	failure := fails(t, err, plasmite.ErrIO)
	if !strings.Contains(failure.Message, "certificate") || failure.MaybeWritten {
		t.Fatal(failure)
	}
}

func TestNoServer(t *testing.T) {
	// On an address of its own, so that nobody takes the port when it is free again.
	pid := os.Getpid()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.%d.%d.%d:0", pid>>16&127|128, pid>>8&255, pid&127|1))
	must(t, err)
	url := "http://" + listener.Addr().String()
	_, err = remote(t, url, plasmite.WithRequestTimeout(100*time.Millisecond)).List()
	fails(t, err, plasmite.ErrIO)
	listener.Close()
	_, err = remote(t, url).Open("p")
	failure := fails(t, err, plasmite.ErrIO)
	if failure.Hint == "" || failure.MaybeWritten {
		t.Fatal(failure)
	}
	equal(t, "remote", plasmite.HasFeature("remote"), true)
}
