package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// tailOptions reads the options of a tail.
func (s *step) tailOptions() (options plasmite.TailOptions, lite3 bool) {
	options.SinceSeq, options.MaxMessages, options.UntilSeq = s.pointer("since_seq"), s.pointer("max"), s.pointer("end_seq")
	options.Tags, options.Where = s.strings("tags"), s.strings("where")
	options.Snapshot, _ = s.get("snapshot").(bool)
	options.Backwards, _ = s.get("backwards").(bool)
	if timeout := s.pointer("timeout_ms"); timeout != nil {
		if options.Within = time.Duration(*timeout) * time.Millisecond; *timeout == 0 {
			options.Within = -1
		}
	}
	switch start := s.get("start").(type) {
	case nil:
	case string:
		if start == "now" {
			options.Start = plasmite.FromNow()
		} else if start != "oldest" {
			wrong("unknown start %q", start)
		}
	case object:
		if last, ok := start["last"].(json.Number); ok {
			count, err := last.Int64()
			must(err)
			options.Start = plasmite.FromLast(uint64(count))
			break
		}
		text, _ := start["time"].(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		must(err)
		options.Start = plasmite.FromTime(at)
	}
	switch gap := s.get("gap"); gap {
	case nil, "continue":
	case "error":
		options.Gaps = plasmite.GapError
	case "event":
		options.Gaps = plasmite.GapEvent
	default:
		wrong("unknown gap policy %s", show(gap))
	}
	return options, s.get("encoding") == "lite3"
}

func (s *step) openTail() (any, error) {
	options, lite3 := s.tailOptions()
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		tail, err := pool.OpenTail(options)
		if err != nil {
			return nil, err
		}
		s.keep(openTail{tail, lite3, options.Backwards})
		return object{}, nil
	})
}

// one waits for the next message of a tail.
func (t openTail) one(wait time.Duration) (object, error) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if t.lite3 {
		next := func() (*plasmite.Lite3Frame, error) { return t.NextLite3(ctx) }
		if wait == 0 {
			next = t.TryNextLite3
		}
		read, err := next()
		if read == nil {
			return nil, err
		}
		return frame(read), nil
	}
	next := func() (*plasmite.Message, error) { return t.Next(ctx) }
	if wait == 0 {
		next = t.TryNext
	}
	read, err := next()
	if read == nil {
		return nil, err
	}
	return message(read), nil
}

// collect takes up to count messages (0: until the end), and tells why there are no more.
func (t openTail) collect(count int, wait time.Duration) (any, error) {
	messages := []any{}
	result := func(end, gap any) (any, error) {
		inOrder(messages, t.backwards)
		return object{"messages": messages, "end": end, "gap": gap}, nil
	}
	for count == 0 || len(messages) < count {
		read, err := t.one(wait)
		var gap *plasmite.Gap
		switch {
		case err == nil && read == nil, errors.Is(err, context.DeadlineExceeded):
			return result("timeout", nil)
		case err == nil:
			messages = append(messages, read)
		case err == io.EOF && t.End() == plasmite.EndDeadline:
			return result("deadline", nil)
		case err == io.EOF:
			return result("end", nil)
		case errors.Is(err, plasmite.ErrCancelled):
			return result("cancelled", nil)
		case errors.As(err, &gap):
			return result("gap", object{"first": integer(gap.First), "last": integer(gap.Last), "count": integer(gap.Count)})
		default:
			return nil, err
		}
	}
	return result(nil, nil)
}

// inOrder fails unless seqs rise strictly, or fall.
func inOrder(messages []any, falling bool) {
	for i := 1; i < len(messages); i++ {
		before, _ := new(big.Int).SetString(messages[i-1].(object)["seq"].(json.Number).String(), 10)
		after, _ := new(big.Int).SetString(messages[i].(object)["seq"].(json.Number).String(), 10)
		if order := after.Cmp(before); order == 0 || (order < 0) != falling {
			wrong("the seqs are out of order: %s", show(messages))
		}
	}
}

func (s *step) next() (any, error) {
	count := int(s.number("count", 1))
	return s.stream().collect(count, s.milliseconds("wait_ms", 10_000))
}

func (s *step) tail() (any, error) {
	options, lite3 := s.tailOptions()
	if options.Within == 0 {
		options.Within = 500 * time.Millisecond
	}
	if s.version == 0 && options.MaxMessages == nil {
		expect, _ := s.members["expect"].(object)
		for _, name := range []string{"messages", "messages_unordered"} {
			if wanted, ok := expect[name].([]any); ok {
				count := uint64(len(wanted))
				options.MaxMessages = &count
			}
		}
	}
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		tail, err := pool.OpenTail(options)
		if err != nil {
			return nil, err
		}
		defer tail.Close()
		return openTail{tail, lite3, options.Backwards}.collect(0, time.Minute)
	})
}

func (s *step) cancel() (any, error) {
	if s.get("reset") == true {
		s.stream().ResetCancel()
	} else {
		s.stream().Cancel()
	}
	return object{}, nil
}

func (s *step) replay() (any, error) {
	speed, err := s.need("speed").(json.Number).Float64()
	must(err)
	maximum := s.number("max", 0)
	options := plasmite.TailOptions{SinceSeq: s.pointer("since_seq"), MaxMessages: &maximum, Tags: s.strings("tags")}
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		began := time.Now()
		messages := []any{}
		var failure error
		pool.ReplayMessages(context.Background(), speed, options)(func(read *plasmite.Message, err error) bool {
			if failure = err; err == nil {
				messages = append(messages, message(read))
			}
			return true
		})
		inOrder(messages, false)
		return object{"messages": messages, "elapsed_ms": integer(uint64(time.Since(began).Milliseconds()))}, failure
	})
}
