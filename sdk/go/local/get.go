package local

// #include "shim.h"
import "C"

import (
	"encoding/json"

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

// messagesOf takes apart the messages that stand in text, and writes them to out. They share one copy of text, and one
// string with their times and tags.
func messagesOf(out []Message, records []C.plsmgo_record_t, text []byte) error {
	raw := make([]byte, len(text))
	copy(raw, text)
	var few [4096]byte
	words := few[:0]
	var parts [mostMessages]envelope.Parts
	for i := range records {
		from, to := int(records[i].offset), int(records[i].offset+records[i].len)
		var ok bool
		if parts[i], ok = envelope.Split(raw[from:to:to]); !ok {
			return notUnderstood(raw[from:to])
		}
		words = append(append(words, parts[i].Time...), parts[i].Tags...)
		out[i].Raw = raw[from:to:to]
	}
	rest := string(words)
	var tags []string
	for i := range records {
		message, part := &out[i], &parts[i]
		var ok bool
		if message.Time, ok = envelope.Time(part.Time); !ok {
			return notUnderstood(message.Raw)
		}
		message.Seq, message.Data = part.Seq, json.RawMessage(part.Data)
		message.TimeRFC3339, rest = rest[:len(part.Time)], rest[len(part.Time):]
		message.Meta.Tags = noTags
		if len(part.Tags) > len("[]") {
			before := len(tags)
			var err error
			if tags, err = envelope.TagsWithin(tags, part.Tags, rest); err != nil {
				return notUnderstood(message.Raw)
			}
			message.Meta.Tags = tags[before:len(tags):len(tags)]
		}
		rest = rest[len(part.Tags):]
	}
	return nil
}

var noTags = []string{}

func notUnderstood(raw []byte) error {
	return &Error{Kind: ErrorInternal, Message: "the library wrote a message that is none: " + string(raw)}
}
