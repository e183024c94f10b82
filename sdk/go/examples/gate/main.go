// Command gate holds a deployment up until the tests are green: no polling loop, no lock file, no database.
//
//	gate wait DIR && ./deploy-to-staging.sh
//	gate report DIR green abc123            # from the test runner
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

type result struct {
	Status string `json:"status"`
	Commit string `json:"commit"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: gate wait DIR | gate report DIR STATUS COMMIT")
	}
	client, err := plasmite.NewClient(args[1])
	if err != nil {
		return err
	}
	defer client.Close()
	pool, _, err := client.Ensure("ci")
	if err != nil {
		return err
	}
	defer pool.Close()
	switch {
	case args[0] == "wait":
		return wait(ctx, pool)
	case args[0] == "report" && len(args) == 4:
		_, err := pool.AppendContext(ctx, result{Status: args[2], Commit: args[3]}, plasmite.DurabilityFlush)
		return err
	}
	return errors.New("usage: gate wait DIR | gate report DIR STATUS COMMIT")
}

// wait ends with the first green result from now on; Ctrl-C ends it too.
func wait(ctx context.Context, pool *plasmite.Pool) error {
	tail, err := pool.OpenTail(plasmite.FromNow(), plasmite.Where(`.data.status == "green"`), plasmite.Limit(1))
	if err != nil {
		return err
	}
	defer tail.Close()
	message, err := tail.Next(ctx)
	if err != nil {
		return err
	}
	green, err := plasmite.Decode[result](message)
	if err != nil {
		return err
	}
	fmt.Println("green at", green.Commit)
	return nil
}
