package native

/*
#cgo CFLAGS: -std=gnu11 -O2 -I${SRCDIR}/../../../../bench
#include <stdlib.h>
#include "bench.h"
*/
import "C"

import "unsafe"

// Message is a copy of the standard message of that index; they repeat after Messages.
func Message(index int) []byte {
	var length C.size_t
	text := C.bench_message(C.unsigned(index), &length)
	return C.GoBytes(unsafe.Pointer(text), C.int(length))
}

// Messages is how many different ones there are.
const Messages = 4096

// Pool is a pool as C programs use it.
type Pool struct{ pool *C.plsm_pool_t }

// Open opens a pool.
func Open(path string) Pool {
	text := C.CString(path)
	defer C.free(unsafe.Pointer(text))
	return Pool{C.bench_open(text)}
}

// Close closes it.
func (p Pool) Close() { C.plsm_pool_free(p.pool) }

// Append appends so many standard messages.
func (p Pool) Append(count int) { C.bench_append(p.pool, C.uint64_t(count)) }

// AppendEcho appends and takes the whole message back.
func (p Pool) AppendEcho(count int) { C.bench_append_echo(p.pool, C.uint64_t(count)) }

// AppendBatch appends in batches.
func (p Pool) AppendBatch(count, each int) {
	C.bench_append_batch(p.pool, C.uint64_t(count), C.size_t(each))
}

// TailJSON reads the pool from its oldest to its newest message and tells how many there were.
func (p Pool) TailJSON() int { return int(C.bench_tail_json(p.pool)) }
