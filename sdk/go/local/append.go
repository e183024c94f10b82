package local

// #include "shim.h"
import "C"

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
)

// AppendContext appends a value as a message and tells its receipt. The value is encoded by encoding/json, except a
// json.RawMessage, which is taken as it stands. The context's deadline shortens the wait for other writers;
// otherwise that is 10 seconds (see WithLockWait).
//
// ErrUsage: the value has no JSON, or is too large for the pool. ErrNotFound: the pool was deleted or replaced.
// ErrBusy: another writer held the pool for too long. ErrPermission: open for reading only.
func (p *Pool) AppendContext(ctx context.Context, value any, opts ...AppendOption) (Receipt, error) {
	if err := alive(ctx); err != nil {
		return Receipt{}, err
	}
	config := configure(opts)
	options, err := appendOptions(ctx, &config)
	if err != nil {
		return Receipt{}, err
	}
	s := borrowScratch()
	defer s.giveBack()
	if _, err := s.encode(value); err != nil {
		return Receipt{}, err
	}
	s.addTags(config.Tags)
	receipt, err := p.append(s, s.json.Bytes(), options)
	return receipt, late(ctx, err)
}

// append appends JSON with the tags in s.
func (p *Pool) append(s *scratch, text []byte, options C.plsm_append_options_t) (Receipt, error) {
	pool, err := p.enter()
	if err != nil {
		return Receipt{}, err
	}
	result := C.plsmgo_append(pool, bytesOf(text), C.size_t(len(text)), options, s.tagBytes(), s.tagLens(), C.size_t(len(s.lens)))
	p.leave()
	if result.status != 0 {
		return Receipt{}, taken(result.error)
	}
	return receiptOf(result.receipt), nil
}

// Append appends a value as a message and returns it as it was stored. AppendContext does the same for less, when a
// receipt is enough.
func (p *Pool) Append(value any, tags []string, opts ...AppendOption) (*api.Message, error) {
	config := configure(opts)
	s := borrowScratch()
	defer s.giveBack()
	if _, err := s.encode(value); err != nil {
		return nil, err
	}
	raw, err := p.echoed(s, s.json.Bytes(), tags, &config)
	if err != nil {
		return nil, err
	}
	return messageOf(raw)
}

// AppendJSON appends one JSON value and returns the whole message as JSON.
func (p *Pool) AppendJSON(payload []byte, tags []string, durability Durability) ([]byte, error) {
	if len(payload) == 0 {
		return nil, invalid("the payload is empty")
	}
	s := borrowScratch()
	defer s.giveBack()
	return p.echoed(s, payload, tags, &AppendConfig{Durability: durability})
}

// echoed appends JSON and returns the message as it was stored.
func (p *Pool) echoed(s *scratch, text []byte, tags []string, config *AppendConfig) ([]byte, error) {
	plain := config.Time.IsZero() && config.LockWait == nil && config.ExpectNewest == nil
	s.addTags(config.Tags)
	s.addTags(tags)
	if !plain || bytes.Count(s.tags, []byte{0}) != len(s.lens) {
		return p.appendedAndRead(s, text, config)
	}
	pool, err := p.enter()
	if err != nil {
		return nil, err
	}
	result := C.plsmgo_append_echo(pool, bytesOf(text), C.size_t(len(text)), C.uint32_t(config.Durability),
		s.tagBytes(), s.tagLens(), C.size_t(len(s.lens)), bytesOf(s.text[:]), C.size_t(len(s.text)))
	p.leave()
	return s.handedOn(result)
}

// appendedAndRead serves what the call that echoes cannot: options, and tags with a NUL.
func (p *Pool) appendedAndRead(s *scratch, text []byte, config *AppendConfig) ([]byte, error) {
	options, err := appendOptions(context.Background(), config)
	if err != nil {
		return nil, err
	}
	receipt, err := p.append(s, text, options)
	if err != nil {
		return nil, err
	}
	raw, err := p.GetJSON(receipt.Seq)
	if err == nil {
		return raw, nil
	}
	// It was stored, though other writers have lapped the pool meanwhile, or its server went away: no failure.
	tags := make([]string, 0, len(s.lens))
	for rest, i := s.tags, 0; i < len(s.lens); i++ {
		tags = append(tags, string(rest[:s.lens[i]]))
		rest = rest[s.lens[i]+1:]
	}
	return api.Message{
		Seq: receipt.Seq, Time: receipt.Time, Data: json.RawMessage(text), Meta: MessageMeta{Tags: tags},
	}.MarshalJSON()
}

// handedOn is the text of a result, in memory of its own.
func (s *scratch) handedOn(result C.plsmgo_text_t) ([]byte, error) {
	switch {
	case result.status != 0:
		return nil, taken(result.error)
	case result.rest.data != nil:
		return take(&result.rest), nil
	}
	return bytes.Clone(s.text[:result.len]), nil
}

// AppendMany appends messages in order, with consecutive seqs, all or none, in one call of the library: readers see
// every one or none. Together they must fit the pool. An error tells the item.
func (p *Pool) AppendMany(ctx context.Context, items []Item, opts ...AppendOption) ([]Receipt, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	config := configure(opts)
	options, err := appendOptions(ctx, &config)
	if err != nil {
		return nil, err
	}
	s := borrowScratch()
	defer s.giveBack()
	s.addTags(config.Tags)
	for i := range items {
		item := C.plsmgo_item_t{tags_len: C.size_t(len(items[i].Tags))}
		length, err := s.encode(items[i].Value)
		if err == nil && !items[i].Time.IsZero() {
			item.has_timestamp = 1
			item.timestamp_ns, err = timestamp(items[i].Time)
		}
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		item.len = C.size_t(length)
		s.items = append(s.items, item)
		s.addTags(items[i].Tags)
	}
	pool, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer p.leave()
	if len(items) == 0 {
		return nil, nil
	}
	if cap(s.stored) < len(items) {
		s.stored = make([]C.plsm_receipt_t, len(items))
	}
	s.stored = s.stored[:len(items)]
	result := C.plsmgo_append_batch(pool, bytesOf(s.json.Bytes()), &s.items[0], C.size_t(len(items)), options,
		s.tagBytes(), s.tagLens(), C.size_t(len(config.Tags)), &s.stored[0])
	if result.status != 0 {
		return nil, late(ctx, taken(result.error))
	}
	receipts := make([]Receipt, len(items))
	for i := range receipts {
		receipts[i] = receiptOf(s.stored[i])
	}
	return receipts, nil
}

// configure is api.ApplyAppendOptions, which allocates, but for the common cases.
func configure(opts []AppendOption) AppendConfig {
	switch len(opts) {
	case 0:
		return AppendConfig{}
	case 1:
		switch option := opts[0].(type) {
		case Durability:
			return AppendConfig{Durability: option}
		case TagsOption:
			return AppendConfig{Tags: option}
		}
	}
	return api.ApplyAppendOptions(opts...)
}

// appendOptions are the library's, without the tags.
func appendOptions(ctx context.Context, config *AppendConfig) (C.plsm_append_options_t, error) {
	options := C.plsm_append_options_t{
		struct_size: C.sizeof_plsm_append_options_t,
		durability:  C.uint32_t(config.Durability),
	}
	if config.ExpectNewest != nil {
		options.has_expect_newest, options.expect_newest = 1, C.uint64_t(*config.ExpectNewest)
	}
	if !config.Time.IsZero() {
		var err error
		options.has_timestamp = 1
		if options.timestamp_ns, err = timestamp(config.Time); err != nil {
			return options, err
		}
	}
	if config.LockWait != nil {
		options.has_lock_wait, options.lock_wait_ms = 1, C.uint64_t(forever)
		if *config.LockWait >= 0 {
			options.lock_wait_ms = C.uint64_t(milliseconds(*config.LockWait))
		}
	}
	if deadline, ok := ctx.Deadline(); ok {
		const usual = 10_000
		left := C.uint64_t(milliseconds(max(0, time.Until(deadline))))
		if options.has_lock_wait == 0 {
			options.lock_wait_ms = usual
		}
		options.has_lock_wait, options.lock_wait_ms = 1, min(left, options.lock_wait_ms)
	}
	return options, nil
}

// milliseconds of a duration that is not negative; less than one counts as one.
func milliseconds(wait time.Duration) uint64 {
	whole := uint64(wait / time.Millisecond)
	if wait%time.Millisecond != 0 {
		whole++
	}
	return whole
}

func timestamp(at time.Time) (C.uint64_t, error) {
	ns, ok := api.Nanoseconds(at)
	if !ok {
		return 0, invalid("the time " + at.String() + " is not between 1970 and 2554")
	}
	return C.uint64_t(ns), nil
}

func receiptOf(receipt C.plsm_receipt_t) Receipt {
	return Receipt{Seq: uint64(receipt.seq), Time: api.TimeOf(uint64(receipt.timestamp_ns))}
}

// alive tells whether a call with this context makes sense.
func alive(ctx context.Context) error {
	if ctx == nil {
		return invalid("the context is nil")
	}
	return ctx.Err()
}

// late adds the end of a context to the error of a wait that it shortened.
func late(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil || !errors.Is(err, ErrBusy) {
		return err
	}
	return fmt.Errorf("%w: %w", ctx.Err(), err)
}
