// Package envelope takes a message apart that the library has written.
package envelope

import (
	"bytes"
	"encoding/json"
	"math"
)

// Parts of a message, borrowed from its text.
type Parts struct {
	Seq  uint64
	Time []byte // without its quotes
	Tags []byte // the array with its brackets
	Data []byte
}

// Split finds the parts of {"seq":...,"time":"...","meta":{"tags":[...]},"data":...} without white space, and
// answers false for anything else. It does not check that the parts are JSON.
func Split(raw []byte) (Parts, bool) {
	var parts Parts
	const seq, time, tags, data = `{"seq":`, `,"time":"`, `","meta":{"tags":`, `},"data":`
	if len(raw) < len(seq) || string(raw[:len(seq)]) != seq {
		return parts, false
	}
	at := len(seq)
	for at < len(raw) && raw[at] >= '0' && raw[at] <= '9' {
		digit := uint64(raw[at] - '0')
		if parts.Seq > (math.MaxUint64-digit)/10 {
			return parts, false
		}
		parts.Seq = parts.Seq*10 + digit
		at++
	}
	if at == len(seq) || raw[len(seq)] == '0' || !bytes.HasPrefix(raw[at:], []byte(time)) {
		return parts, false
	}
	at += len(time)
	end := bytes.IndexByte(raw[at:], '"')
	if end < 0 || !bytes.HasPrefix(raw[at+end:], []byte(tags)) {
		return parts, false
	}
	parts.Time = raw[at : at+end]
	at += end + len(tags)
	end = arrayEnd(raw[at:])
	if end < 0 || !bytes.HasPrefix(raw[at+end:], []byte(data)) || raw[len(raw)-1] != '}' {
		return parts, false
	}
	parts.Tags = raw[at : at+end : at+end]
	at += end + len(data)
	if at >= len(raw)-1 {
		return parts, false
	}
	parts.Data = raw[at : len(raw)-1 : len(raw)-1]
	return parts, true
}

// arrayEnd is the length of an array of strings at the start of text, or -1.
func arrayEnd(text []byte) int {
	if len(text) < 2 || text[0] != '[' {
		return -1
	}
	quoted := false
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == ']':
			return i + 1
		}
	}
	return -1
}

// Tags reads an array of strings. Never nil without an error.
func Tags(array []byte) ([]string, error) {
	tags := []string{}
	if len(array) == 2 && array[0] == '[' && array[1] == ']' {
		return tags, nil
	}
	err := json.Unmarshal(array, &tags)
	return tags, err
}

// TagsWithin appends the strings of an array that the library has written to tags. They are parts of text,
// which begins with the same bytes as the array, unless they have escapes.
func TagsWithin(tags []string, array []byte, text string) ([]string, error) {
	if bytes.IndexByte(array, '\\') >= 0 {
		read, err := Tags(array)
		return append(tags, read...), err
	}
	for at := 0; ; {
		open := bytes.IndexByte(array[at:], '"')
		if open < 0 {
			return tags, nil
		}
		from := at + open + 1
		length := bytes.IndexByte(array[from:], '"')
		if length < 0 {
			return tags, nil
		}
		tags = append(tags, text[from:from+length])
		at = from + length + 1
	}
}
