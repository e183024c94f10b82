package local

/*
#cgo !plasmite_static pkg-config: plasmite
#cgo !plasmite_static LDFLAGS: -lplasmite
#cgo plasmite_static pkg-config: plasmite
#cgo plasmite_static,linux LDFLAGS: -Wl,--as-needed -l:libplasmite.a -lpthread -ldl -lm
#cgo CFLAGS: -std=c11
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"strings"
	"sync"
	"unsafe"

	"github.com/sandover/plasmite/bindings/go/api"
)

// Times and waits without limit, and the header's numbers, as Go has them.
const (
	forever       = uint64(C.PLSM_WAIT_FOREVER)
	headerABI     = uint32(C.PLSM_ABI_VERSION)
	headerVersion = C.PLSM_VERSION_STRING
)

// compatible tells once whether the library that was loaded serves the header this was built with.
var compatible = sync.OnceValue(func() error {
	if loaded := uint32(C.plsm_abi_version()); loaded < headerABI {
		return &Error{
			Kind: ErrorUsage,
			Message: fmt.Sprintf("libplasmite %s offers version %d of its interface; this program was built for version %d",
				LibraryVersion(), loaded, headerABI),
			Hint: "load libplasmite " + headerVersion + " or later",
		}
	}
	return nil
})

// LibraryVersion is the version of the loaded library, for example "1.0.0".
func LibraryVersion() string { return C.GoString(C.plsm_version()) }

// ABIVersion is the version of the C interface that the loaded library offers.
func ABIVersion() uint32 { return uint32(C.plsm_abi_version()) }

// BuildInfo tells what the library was built as, for a report.
func BuildInfo() string { return C.GoString(C.plsm_build_info()) }

// HasFeature tells whether the loaded library has a feature, by the names of plsm_has_feature in plasmite.h.
func HasFeature(name string) bool {
	text, err := terminated("feature", name)
	return err == nil && C.plsm_has_feature(text) == 1
}

// terminated is a copy of text with a NUL behind it, for the duration of a call. C has no text with a NUL in it.
func terminated(what, text string) (*C.char, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, api.InvalidArgumentError(what + " has a NUL in it")
	}
	copied := make([]byte, len(text)+1)
	copy(copied, text)
	return (*C.char)(unsafe.Pointer(&copied[0])), nil
}

// bytesOf points at bytes, or at one byte when there are none.
func bytesOf(bytes []byte) *C.uint8_t {
	if len(bytes) == 0 {
		return &nothing
	}
	return (*C.uint8_t)(unsafe.Pointer(&bytes[0]))
}

var nothing C.uint8_t

// take copies a buffer of the library and frees it.
func take(buffer *C.plsm_buf_t) []byte {
	if buffer.len == 0 {
		C.plsm_buf_free(buffer)
		return []byte{}
	}
	copied := make([]byte, int(buffer.len))
	copy(copied, unsafe.Slice((*byte)(unsafe.Pointer(buffer.data)), int(buffer.len)))
	C.plsm_buf_free(buffer)
	return copied
}

// borrowed is a copy of bytes that belong to the library.
func borrowed(bytes C.plsm_bytes_t) string {
	if bytes.len == 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(unsafe.Pointer(bytes.data)), int(bytes.len)))
}

func flag(set bool) C.uint32_t {
	if set {
		return 1
	}
	return 0
}
