package local

// #include "shim.h"
import "C"

import (
	"context"
	"slices"
	"unsafe"
)

// WaitAny waits until the next call on one of the tails would not wait (a message, the end, a cancel, a gap or an error
// that is still to be told) and tells which. It takes nothing from any tail, and occupies one thread however many they
// are. Other calls on the tails wait meanwhile.
func WaitAny(ctx context.Context, tails ...*Tail) (int, error) {
	if err := alive(ctx); err != nil {
		return 0, err
	}
	if len(tails) == 0 {
		return 0, invalid("there are no tails to wait for")
	}
	// In one order, whichever the caller gave, so that two callers do not wait for each other.
	sorted := slices.Clone(tails)
	slices.SortFunc(sorted, func(a, b *Tail) int {
		return compare(uintptr(unsafe.Pointer(a)), uintptr(unsafe.Pointer(b)))
	})
	entered := 0
	defer func() {
		for _, tail := range sorted[:entered] {
			tail.leave()
		}
	}()
	for i, tail := range sorted {
		if i > 0 && tail == sorted[i-1] {
			return 0, invalid("a tail is there twice")
		}
		if err := tail.enter(ctx); err != nil {
			return 0, err
		}
		entered++
	}
	streams := make([]*C.plsm_stream_t, len(tails))
	for i, tail := range tails {
		streams[i] = tail.handle.reader.stream
	}
	// What a reader holds back, the library has told already: it would wait for more. Only a tail before that one can
	// still be the answer, as the library prefers earlier ones.
	wait := C.uint64_t(forever)
	holder := slices.IndexFunc(tails, func(tail *Tail) bool {
		reader := tail.handle.reader
		return reader.held != 0 || reader.pending != 0
	})
	if holder == 0 {
		return 0, nil
	}
	if holder > 0 {
		streams, wait = streams[:holder], 0
	}
	if ctx.Done() != nil {
		defer tails[0].cancelWith(ctx)()
	}
	var index C.size_t
	var failure *C.plsm_error_t
	answer := C.plsm_wait_any(&streams[0], C.size_t(len(streams)), wait, &index, &failure)
	if err := checked(answer, failure); err != nil {
		return 0, err
	}
	if answer == 0 {
		return holder, nil
	}
	tail := tails[index]
	if tail.closing.Load() {
		return int(index), tail.closedError()
	}
	if index == 0 && ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return int(index), nil
}

func compare(a, b uintptr) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
