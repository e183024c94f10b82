package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"strings"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// temporary is a client of a directory that goes away.
func temporary() (client *plasmite.Client, remove func()) {
	dir, err := os.MkdirTemp("", "plasmite-example")
	if err != nil {
		log.Fatal(err)
	}
	client, err = plasmite.NewClient(dir)
	if err != nil {
		log.Fatal(err)
	}
	return client, func() {
		client.Close()
		os.RemoveAll(dir)
	}
}

func Example() {
	client, remove := temporary()
	defer remove()
	pool, _ := client.CreatePool(plasmite.PoolRefName("events"), 1024*1024)
	defer pool.Close()
	message, _ := pool.Append(map[string]any{"sensor": "temp", "value": 23.5}, nil, plasmite.DurabilityFast)
	fmt.Println(message.Seq, string(message.Data))
	// Output: 1 {"sensor":"temp","value":23.5}
}

func ExamplePool_AppendContext() {
	client, remove := temporary()
	defer remove()
	pool, _, err := client.Ensure("incidents")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	receipt, err := pool.AppendContext(ctx, map[string]string{"msg": "payment gateway timeout"},
		plasmite.WithTags("sev1"), plasmite.DurabilityFlush)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored as", receipt.Seq)
	// Output: stored as 1
}

func ExampleTail_NextBatch() {
	client, remove := temporary()
	defer remove()
	pool, _, err := client.Ensure("numbers")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	ctx := context.Background()
	if _, err := pool.AppendMany(ctx, plasmite.Items([]int{1, 2, 3, 4})); err != nil {
		log.Fatal(err)
	}
	tail, err := pool.OpenTail(plasmite.Where(".data > 1"), plasmite.Snapshot())
	if err != nil {
		log.Fatal(err)
	}
	defer tail.Close()
	sum := 0
	for {
		batch, err := tail.NextBatch(ctx, 0)
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		for i := range batch {
			number, _ := plasmite.Decode[int](&batch[i])
			sum += number
		}
	}
	fmt.Println(sum)
	// Output: 9
}

func ExamplePool_Tail() {
	client, remove := temporary()
	defer remove()
	pool, _, err := client.Ensure("events")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	ctx, cancel := context.WithCancel(context.Background())
	messages, failures := pool.Tail(ctx, plasmite.TailOptions{Tags: []string{"greeting"}})
	if _, err := pool.Append("hello", []string{"greeting"}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(string((<-messages).Data))
	cancel()
	fmt.Println(<-failures)
	// Output:
	// "hello"
	// context canceled
}

func ExamplePool_NewWriter() {
	client, remove := temporary()
	defer remove()
	pool, _, err := client.Ensure("log")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	writer, err := pool.NewWriter(plasmite.WriterOptions{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(writer, strings.NewReader("{\"line\":1}\n{\"line\":2}\n")); err != nil {
		log.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		log.Fatal(err)
	}
	lines, err := pool.DataLines(context.Background(), plasmite.Snapshot())
	if err != nil {
		log.Fatal(err)
	}
	defer lines.Close()
	if _, err := io.Copy(os.Stdout, lines); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"line":1}
	// {"line":2}
}

func ExampleError() {
	client, remove := temporary()
	defer remove()
	_, err := client.Open("nowhere")
	var failure *plasmite.Error
	fmt.Println(errors.Is(err, plasmite.ErrNotFound), errors.Is(err, fs.ErrNotExist), errors.As(err, &failure))
	fmt.Println(failure.Kind, strings.HasSuffix(failure.Path, "nowhere.plasmite"))
	// Output:
	// true true true
	// NotFound true
}

func ExampleNewRemoteClient() {
	client, err := plasmite.NewRemoteClient("https://host:9700",
		plasmite.WithTokenFile("plasmite-auth-token.txt"), plasmite.WithCAFile("plasmite-tls-cert.pem"))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	pool, _, err := client.Ensure("events")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	receipt, err := pool.AppendContext(context.Background(), map[string]any{"sensor": "temp"}, plasmite.WithTags("lab"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(receipt.Seq)
}
