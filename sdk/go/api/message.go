package api

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/sandover/plasmite/bindings/go/internal/envelope"
)

// MessageMeta is what a message carries beside its data.
type MessageMeta struct {
	// Tags in the order in which they were written. Never nil in a message that was read.
	Tags []string `json:"tags"`
}

// Message is a message of a pool. Messages that come from one call or one tail may share memory: use Clone
// for a few that are kept for long, and do not write into their bytes.
type Message struct {
	// Seq is the message's number in its pool, from 1.
	Seq uint64
	// Time is when it was appended, in UTC, with nanoseconds.
	Time time.Time
	// TimeRFC3339 is the same as text, as it stands in Raw.
	TimeRFC3339 string
	// Data is the message's JSON value.
	Data json.RawMessage
	// Meta holds the tags.
	Meta MessageMeta
	// Raw is the whole message as one compact JSON object.
	Raw []byte
}

// Tags are the message's tags.
func (m *Message) Tags() []string {
	if m == nil {
		return nil
	}
	return m.Meta.Tags
}

// Clone is a copy that shares no memory with the message.
func (m *Message) Clone() *Message {
	if m == nil {
		return nil
	}
	clone := *m
	clone.Raw = bytes.Clone(m.Raw)
	clone.Data = bytes.Clone(m.Data)
	clone.TimeRFC3339 = string(append([]byte(nil), m.TimeRFC3339...))
	clone.Meta.Tags = slices.Clone(m.Meta.Tags)
	for i, tag := range clone.Meta.Tags {
		clone.Meta.Tags[i] = string(append([]byte(nil), tag...))
	}
	return &clone
}

// MarshalJSON gives the message as pools do: {"seq":...,"time":"...","meta":{"tags":[...]},"data":...}.
func (m Message) MarshalJSON() ([]byte, error) {
	if len(m.Raw) != 0 {
		return m.Raw, nil
	}
	written := wire{Seq: m.Seq, Time: m.TimeRFC3339, Data: m.Data}
	if written.Time == "" {
		written.Time = m.Time.UTC().Format(time.RFC3339Nano)
	}
	if written.Meta.Tags = m.Meta.Tags; written.Meta.Tags == nil {
		written.Meta.Tags = []string{}
	}
	return json.Marshal(written)
}

// UnmarshalJSON reads what MarshalJSON gives.
func (m *Message) UnmarshalJSON(payload []byte) error {
	message, err := DecodeMessage(payload)
	if err == nil {
		*m = *message
	}
	return err
}

// DecodeMessage reads a whole message from its JSON, in any order of its members. It keeps a copy of payload.
// An error is of the kind ErrorUsage.
func DecodeMessage(payload []byte) (*Message, error) {
	raw := bytes.Clone(payload)
	if parts, ok := envelope.Split(raw); ok && json.Valid(parts.Data) {
		if message, err := assemble(raw, parts); err == nil {
			return message, nil
		}
	}
	return decodeAny(raw)
}

// assemble makes a message of the parts of a valid envelope.
func assemble(raw []byte, parts envelope.Parts) (*Message, error) {
	message := &Message{Seq: parts.Seq, TimeRFC3339: string(parts.Time), Data: json.RawMessage(parts.Data), Raw: raw}
	var ok bool
	if message.Time, ok = envelope.Time(parts.Time); !ok {
		return nil, InvalidArgumentError("not the time of a message")
	}
	var err error
	message.Meta.Tags, err = envelope.Tags(parts.Tags)
	return message, err
}

type wire struct {
	Seq  uint64          `json:"seq"`
	Time string          `json:"time"`
	Meta MessageMeta     `json:"meta"`
	Data json.RawMessage `json:"data"`
}

// decodeAny reads an envelope that was not written by the library, or none.
func decodeAny(raw []byte) (*Message, error) {
	const what = "not a message"
	var read struct {
		Seq  *uint64          `json:"seq"`
		Time *time.Time       `json:"time"`
		Meta *MessageMeta     `json:"meta"`
		Data *json.RawMessage `json:"data"`
	}
	var text struct {
		Time string          `json:"time"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(raw, &read); err != nil {
		return nil, UnencodableError(what, err)
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, UnencodableError(what, err)
	}
	switch {
	case read.Seq == nil:
		return nil, InvalidArgumentError(what + ": it has no seq")
	case read.Time == nil:
		return nil, InvalidArgumentError(what + ": it has no time")
	case read.Meta == nil || read.Meta.Tags == nil:
		return nil, InvalidArgumentError(what + ": it has no meta.tags")
	case text.Data == nil:
		return nil, InvalidArgumentError(what + ": it has no data")
	}
	return &Message{
		Seq: *read.Seq, Time: read.Time.UTC(), TimeRFC3339: text.Time, Data: text.Data, Meta: *read.Meta, Raw: raw,
	}, nil
}

// Decode reads the data of a message into a value of type T, as encoding/json does.
func Decode[T any](message *Message) (T, error) {
	var value T
	if message == nil {
		return value, InvalidArgumentError("no message")
	}
	err := json.Unmarshal(message.Data, &value)
	return value, err
}

// Lite3Frame is a message as Lite3.
type Lite3Frame struct {
	// Seq is the message's number in its pool.
	Seq uint64
	// TimestampNs is its time in ns since 1970.
	TimestampNs uint64
	// Flags are 0 for an ordinary message.
	Flags uint32
	// Payload is the message document, {"meta":{"tags":[...]},"data":...}, encoded as Lite3.
	Payload []byte
}

// Time is the message's time in UTC.
func (f *Lite3Frame) Time() time.Time {
	if f == nil {
		return time.Time{}
	}
	return TimeOf(f.TimestampNs)
}
