package local

// #include "shim.h"
import "C"

import "unsafe"

// filters are compiled jq predicates. A stream that was opened with them goes on using them after free.
type filters []*C.plsm_filter_t

func compiled(expressions []string) (filters, error) {
	var all filters
	for _, expression := range expressions {
		var filter *C.plsm_filter_t
		var failure *C.plsm_error_t
		text := []byte(expression)
		status := C.plsm_filter_new((*C.char)(unsafe.Pointer(bytesOf(text))), C.size_t(len(text)), nil, &filter, &failure)
		if err := checked(status, failure); err != nil {
			return all, err
		}
		all = append(all, filter)
	}
	return all, nil
}

func (f filters) first() **C.plsm_filter_t {
	if len(f) == 0 {
		return nil
	}
	return &f[0]
}

func (f filters) free() {
	for _, filter := range f {
		C.plsm_filter_free(filter)
	}
}
