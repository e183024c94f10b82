package local

// #include "shim.h"
import "C"

import (
	"bytes"
	"encoding/json"
	"sync"
	"unsafe"

	"github.com/sandover/plasmite/bindings/go/api"
)

// scratch is memory that one append or get uses and leaves to the next.
type scratch struct {
	json    bytes.Buffer
	encoder *json.Encoder
	tags    []byte // each with a NUL behind it
	lens    []C.size_t
	items   []C.plsmgo_item_t
	stored  []C.plsm_receipt_t
	text    [4096]byte
}

var scratches = sync.Pool{New: func() any {
	s := &scratch{}
	s.encoder = json.NewEncoder(&s.json)
	s.encoder.SetEscapeHTML(false)
	return s
}}

func borrowScratch() *scratch {
	s := scratches.Get().(*scratch)
	s.json.Reset()
	s.tags, s.lens, s.items = s.tags[:0], s.lens[:0], s.items[:0]
	return s
}

func (s *scratch) giveBack() {
	const most = 1 << 20 // so that one huge message does not stay
	if s.json.Cap()+cap(s.tags) > most || cap(s.items) > most/64 {
		return
	}
	scratches.Put(s)
}

// encode appends a value's JSON and tells its length.
func (s *scratch) encode(value any) (int, error) {
	before := s.json.Len()
	switch raw := value.(type) {
	case json.RawMessage:
		if len(raw) != 0 {
			s.json.Write(raw)
			return len(raw), nil
		}
	case *json.RawMessage:
		if raw != nil && len(*raw) != 0 {
			s.json.Write(*raw)
			return len(*raw), nil
		}
	}
	if err := s.encoder.Encode(value); err != nil {
		s.json.Truncate(before)
		return 0, api.UnencodableError("the value has no JSON", err)
	}
	s.json.Truncate(s.json.Len() - 1) // the encoder's line feed
	return s.json.Len() - before, nil
}

func (s *scratch) addTags(tags []string) {
	for _, tag := range tags {
		s.tags = append(append(s.tags, tag...), 0)
		s.lens = append(s.lens, C.size_t(len(tag)))
	}
}

func (s *scratch) tagBytes() *C.char { return (*C.char)(unsafe.Pointer(bytesOf(s.tags))) }

func (s *scratch) tagLens() *C.size_t {
	if len(s.lens) == 0 {
		return &noLens
	}
	return &s.lens[0]
}

var noLens C.size_t
