package local

// #include "shim.h"
import "C"

import "github.com/sandover/plasmite/bindings/go/api"

// taken makes a Go error of the library's, which it frees. The only place that does so.
func taken(failure *C.plsm_error_t) error {
	read := described(failure)
	C.plsm_error_free(failure)
	return read
}

// described reads an error that belongs to somebody else.
func described(failure *C.plsm_error_t) error {
	if failure == nil {
		return &Error{Kind: ErrorInternal, Message: "the library failed without saying why"}
	}
	read := &Error{
		Kind:         ErrorKind(failure.kind),
		Message:      C.GoString(failure.message),
		Path:         C.GoString(failure.path),
		Hint:         C.GoString(C.plsm_error_hint(failure)),
		MaybeWritten: C.plsm_error_maybe_written(failure) != 0,
		TooLarge:     C.plsm_error_too_large(failure) != 0,
	}
	if failure.has_seq != 0 {
		seq := uint64(failure.seq)
		read.Seq = &seq
	}
	if failure.has_offset != 0 {
		offset := uint64(failure.offset)
		read.Offset = &offset
	}
	for i := C.size_t(0); i < C.plsm_error_cause_count(failure); i++ {
		read.Causes = append(read.Causes, C.GoString(C.plsm_error_cause(failure, i)))
	}
	return read
}

// checked turns a status of the library into an error.
func checked(status C.int, failure *C.plsm_error_t) error {
	if status >= 0 {
		return nil
	}
	return taken(failure)
}

func closed(what string) error { return api.ClosedError(what) }

func invalid(message string) error { return api.InvalidArgumentError(message) }
