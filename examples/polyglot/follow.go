// Command follow follows in Go: only readings that jq calls hot, until the second: follow DIRECTORY.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

type reading struct {
	Celsius float64 `json:"celsius"`
}

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, directory string) error {
	client, err := plasmite.NewClient(directory)
	if err != nil {
		return err
	}
	defer client.Close()
	pool, _, err := client.Ensure("readings")
	if err != nil {
		return err
	}
	defer pool.Close()
	tail, err := pool.OpenTail(plasmite.Where(`.data.celsius > 30`), plasmite.Limit(2))
	if err != nil {
		return err
	}
	defer tail.Close()
	for range [2]struct{}{} {
		message, err := tail.Next(ctx)
		if err != nil {
			return err
		}
		hot, err := plasmite.Decode[reading](message)
		if err != nil {
			return err
		}
		fmt.Printf("go      filters %d: %v °C is hot\n", message.Seq, hot.Celsius)
	}
	return nil
}
