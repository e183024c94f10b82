package local

// #include "shim.h"
import "C"

import (
	"encoding/json"
	"unsafe"

	"github.com/sandover/plasmite/bindings/go/internal/envelope"
)

// GetJSON reads a message as JSON. ErrNotFound, with the seq: never written, or overwritten.
func (p *Pool) GetJSON(seq uint64) ([]byte, error) {
	pool, err := p.enter()
	if err != nil {
		return nil, err
	}
	s := borrowScratch()
	defer s.giveBack()
	result := C.plsmgo_get_json(pool, C.uint64_t(seq), bytesOf(s.text[:]), C.size_t(len(s.text)))
	p.leave()
	return s.handedOn(result)
}

// Get reads a message. ErrNotFound, with the seq: never written, or overwritten.
func (p *Pool) Get(seq uint64) (*Message, error) {
	raw, err := p.GetJSON(seq)
	if err != nil {
		return nil, err
	}
	return messageOf(raw)
}

// messageOf takes a message apart that the library has written, and keeps its bytes.
func messageOf(raw []byte) (*Message, error) {
	parts, ok := envelope.Split(raw)
	if !ok {
		return nil, notUnderstood(raw)
	}
	message := &Message{}
	var err error
	if message.Time, ok = envelope.Time(parts.Time); ok {
		message.TimeRFC3339 = string(parts.Time)
		message.Meta.Tags, err = envelope.Tags(parts.Tags)
	}
	if !ok || err != nil {
		return nil, notUnderstood(raw)
	}
	message.Seq, message.Data, message.Raw = parts.Seq, json.RawMessage(parts.Data), raw
	return message, nil
}

// messagesOf takes messages apart that stand in text, and writes them to out. They share two copies of text.
func messagesOf(out []Message, records []C.plsmgo_record_t, text []byte) error {
	raw, words := make([]byte, len(text)), string(text)
	copy(raw, text)
	var tags []string
	for i := range records {
		record, message := &records[i], &out[i]
		from, to := int(record.offset), int(record.offset+record.len)
		parts, ok := envelope.Split(raw[from:to:to])
		if !ok {
			return notUnderstood(raw[from:to])
		}
		message.Seq = parts.Seq
		if message.Time, ok = envelope.Time(parts.Time); !ok {
			return notUnderstood(raw[from:to])
		}
		message.TimeRFC3339 = within(words, raw, parts.Time)
		message.Data = json.RawMessage(parts.Data)
		message.Raw = raw[from:to:to]
		message.Meta.Tags = noTags
		if len(parts.Tags) > 2 {
			before := len(tags)
			var err error
			if tags, err = envelope.TagsWithin(tags, parts.Tags, within(words, raw, parts.Tags)); err != nil {
				return notUnderstood(raw[from:to])
			}
			message.Meta.Tags = tags[before:len(tags):len(tags)]
		}
	}
	return nil
}

var noTags = []string{}

// within is the part of words that has the same bytes as part has in raw, of which words is a copy.
func within(words string, raw, part []byte) string {
	if len(part) == 0 {
		return ""
	}
	from := int(uintptr(unsafe.Pointer(&part[0])) - uintptr(unsafe.Pointer(&raw[0])))
	return words[from : from+len(part)]
}

func notUnderstood(raw []byte) error {
	return &Error{Kind: ErrorInternal, Message: "the library wrote a message that is none: " + string(raw)}
}
