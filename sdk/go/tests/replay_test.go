package tests

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// Own times, a clock that stepped back and servers whose clock leads all give messages that are ahead.
func TestReplayOfMessagesAheadOfTheClock(t *testing.T) {
	there, here, _ := both(t)
	for i := range 3 {
		at := time.Now().Add(time.Hour + time.Duration(i)*time.Minute)
		_, err := here.AppendContext(limited(t), i, plasmite.WithTime(at))
		must(t, err)
	}
	for name, pool := range map[string]*plasmite.Pool{"local": here, "of a server": there} {
		out, failures := pool.Replay(limited(t), plasmite.ReplayOptions{Speed: 1e6, Timeout: time.Millisecond})
		read, err := drained(t, out, failures)
		must(t, err)
		equal(t, name, len(read), 3)
	}
}

func TestReplayGoesOnBehindItsTime(t *testing.T) {
	const many = 3000
	there, here, _ := both(t)
	fill(t, here, many)
	for name, pool := range map[string]*plasmite.Pool{"local": here, "of a server": there} {
		for _, c := range []struct {
			options plasmite.ReplayOptions
			want    []uint64 // the first, the step and the number of seqs
		}{
			{plasmite.ReplayOptions{}, []uint64{1, 1, many}},
			{plasmite.ReplayOptions{MaxMessages: pointer(uint64(many - 1))}, []uint64{1, 1, many - 1}},
			{plasmite.ReplayOptions{Start: plasmite.FromLast(700)}, []uint64{many - 699, 1, 700}},
			{plasmite.ReplayOptions{Where: []string{".seq % 3 == 1"}}, []uint64{1, 3, many / 3}},
			{plasmite.ReplayOptions{Start: plasmite.FromNow()}, []uint64{0, 0, 0}},
			{plasmite.ReplayOptions{SinceSeq: pointer(uint64(many + 1))}, []uint64{0, 0, 0}},
		} {
			c.options.Speed, c.options.Timeout = 1e9, time.Millisecond
			out, failures := pool.Replay(limited(t), c.options)
			read, err := drained(t, out, failures)
			must(t, err)
			equal(t, name, uint64(len(read)), c.want[2])
			for i, message := range read {
				equal(t, name, message.Seq, c.want[0]+uint64(i)*c.want[1])
			}
		}
	}
}

// The search for the last few may take longer than the time for messages that are still being written.
func TestReplayOfTheLastThatMatch(t *testing.T) {
	const many, slowly = 1000, "([range(200)] | add) > 0"
	there, here, _ := both(t)
	items := make([]plasmite.Item, many)
	for i := range items {
		items[i] = plasmite.Item{Value: i, Tags: []string{[]string{"odd", "even"}[i%2]}}
	}
	_, err := here.AppendMany(limited(t), items)
	must(t, err)
	for name, pool := range map[string]*plasmite.Pool{"local": here, "of a server": there} {
		for _, c := range []struct {
			options plasmite.ReplayOptions
			want    string
		}{
			{plasmite.ReplayOptions{Where: []string{slowly, ".seq <= 4"}}, "[3 4]"},
			{plasmite.ReplayOptions{Where: []string{slowly, ".seq <= 4"}, Tags: []string{"odd"}}, "[1 3]"},
			{plasmite.ReplayOptions{Where: []string{slowly, ".seq == 4"}}, "[4]"},
			{plasmite.ReplayOptions{Where: []string{slowly, "false"}}, "[]"},
			{plasmite.ReplayOptions{Tags: []string{"odd"}}, "[997 999]"},
			{plasmite.ReplayOptions{Where: []string{slowly, ".seq <= 4"}, MaxMessages: pointer(uint64(1))}, "[3]"},
		} {
			c.options.Start, c.options.Speed, c.options.Timeout = plasmite.FromLast(2), 1e9, time.Millisecond
			equal(t, fmt.Sprint(name, c.options.Where, c.options.Tags), fmt.Sprint(replayed(t, pool, c.options)), c.want)
		}
	}
}

func replayed(t *testing.T, pool *plasmite.Pool, options plasmite.ReplayOptions) []uint64 {
	t.Helper()
	out, failures := pool.Replay(limited(t), options)
	read, err := drained(t, out, failures)
	must(t, err)
	seqs := make([]uint64, len(read))
	for i, message := range read {
		seqs[i] = message.Seq
	}
	return seqs
}

// What is written behind its time is not the replay's, although the pool never comes to rest.
func TestReplayEndsBesideAWriter(t *testing.T) {
	pool := newPool(t)
	ctx, stop := context.WithCancel(limited(t))
	ended := make(chan error)
	go func() {
		for ctx.Err() == nil {
			if _, err := pool.AppendContext(context.Background(), json.RawMessage("1")); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	out, failures := pool.Replay(limited(t), plasmite.ReplayOptions{Speed: 1e9, Timeout: 20 * time.Millisecond})
	_, err := drained[*api.Message](t, out, failures)
	stop()
	must(t, <-ended)
	must(t, err)
}
