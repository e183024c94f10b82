//go:build go1.23

package local_test

import (
	"context"
	"fmt"
	"log"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

func ExamplePool_Messages() {
	client, remove := temporary()
	defer remove()
	pool, _, err := client.Ensure("events")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	for i := range 3 {
		if _, err := pool.Append(i, nil); err != nil {
			log.Fatal(err)
		}
	}
	for message, err := range pool.Messages(context.Background(), plasmite.FromLast(2), plasmite.Limit(2)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(message.Seq, string(message.Data))
	}
	// Output:
	// 2 1
	// 3 2
}
