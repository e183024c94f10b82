// Command quickstart writes three messages and reads them back.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

type reading struct {
	Sensor string  `json:"sensor"`
	Value  float64 `json:"value"`
}

func main() {
	dir, err := os.MkdirTemp("", "quickstart")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), dir); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dir string) error {
	client, err := plasmite.NewClient(dir)
	if err != nil {
		return err
	}
	defer client.Close()
	pool, _, err := client.Ensure("readings", plasmite.WithSize(8<<20))
	if err != nil {
		return err
	}
	defer pool.Close()

	readings := []reading{{"inlet", 21.5}, {"outlet", 23.5}, {"inlet", 22}}
	if _, err := pool.AppendMany(ctx, plasmite.Items(readings, "temperature")); err != nil {
		return err
	}

	tail, err := pool.OpenTail(plasmite.WithTags("temperature"), plasmite.Where(`.data.sensor == "inlet"`), plasmite.Snapshot())
	if err != nil {
		return err
	}
	defer tail.Close()
	for {
		message, err := tail.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		value, err := plasmite.Decode[reading](message)
		if err != nil {
			return err
		}
		fmt.Printf("%d: %s %.1f\n", message.Seq, value.Sensor, value.Value)
	}
}
