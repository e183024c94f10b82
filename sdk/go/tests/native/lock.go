// Package native does through the C interface what tests and benches of the Go SDK need and it does not offer.
package native

/*
#cgo pkg-config: plasmite
#cgo LDFLAGS: -lplasmite
#include <plasmite.h>
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"unsafe"
)

// HoldWriterLock opens a pool and holds its writer lock until release.
func HoldWriterLock(path string) (release func(), err error) {
	text := C.CString(path)
	defer C.free(unsafe.Pointer(text))
	dir := C.CString(".")
	defer C.free(unsafe.Pointer(dir))
	var client *C.plsm_client_t
	var pool *C.plsm_pool_t
	var reservation *C.plsm_reservation_t
	var payload *C.uint8_t
	if C.plsm_client_new(dir, &client, nil) != 0 {
		return nil, errors.New("no client")
	}
	defer C.plsm_client_free(client)
	if C.plsm_pool_open(client, text, &pool, nil) != 0 {
		return nil, errors.New("no pool")
	}
	if C.plsm_pool_reserve(pool, 16, nil, &reservation, &payload, nil) != 0 {
		C.plsm_pool_free(pool)
		return nil, errors.New("no reservation")
	}
	return func() {
		C.plsm_reservation_abort(reservation)
		C.plsm_pool_free(pool)
	}, nil
}
