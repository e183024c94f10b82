// fuzz.h: what the calls of the ABI fuzzer share: choices, arguments that may be anything, handles, and the checks that
// every call's answer must pass.
#ifndef FUZZ_H
#define FUZZ_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plasmite.h"

// The next number of the seed's sequence, below a bound.
uint64_t below(uint64_t bound);
// Once in so many times.
int rarely(uint64_t of);
// A number: small, near a limit of some width, or anything.
uint64_t number(void);
// 0, 1, or rarely anything.
uint32_t flag(void);
// A waiting time in ms, which is short.
uint64_t wait_ms(void);

// Memory that ends where the argument ends, and is freed behind the call.
void *memory(size_t len);
// A reference to a pool, mostly one of a few; or a bad one, or NULL.
const char *reference(void);
// Bytes: JSON, Lite3, or noise. NULL at times, then also with a length.
const uint8_t *bytes(size_t *len);
const uint8_t *json(size_t *len);
// Short text with a length beside it, not always UTF-8.
const char *key(size_t *len);
const plsm_bytes_t *tags(size_t *len);

// Options of a size that the library may know or not, made of `init`, whose first word is the size; or NULL.
void *options(const void *init, size_t size);
// A place for an output, filled with a pattern; NULL or misaligned at times. `prefilled` keeps so many bytes of `init`.
void *output(size_t size);
void *sized_output(size_t size);
// Whether an output can have been written to: not NULL and aligned.
int usable(const void *output);

enum kind { CLIENT, POOL, LIST, DOCTOR, STREAM, LITE3_STREAM, MESSAGE, RESERVATION, FILTER, INGEST, REPLAY, KINDS };

// A handle of this kind; at times NULL, of another kind, misaligned, or (where memory is not watched) freed.
void *handle(enum kind kind);
// A living one, or NULL when there is none.
void *living(enum kind kind);
// Whether the pointer is a living handle of this kind.
int is_living(enum kind kind, const void *pointer);
// Takes a new one in; what is too many is freed.
void keep(enum kind kind, void *pointer);
// One of this kind to be freed, or what a free call must leave alone.
void *to_free(enum kind kind);
// Frees all of a kind.
void free_all(enum kind kind);
// In a forked child: forgets handles without freeing them.
void forget(enum kind kind);
int is_child(void);
void mark_child(void);

// The place for an error, or NULL; checked by `answer`.
plsm_error_t **error_place(void);
// What a call said: a number from -1 to `most`; a failure has an error, and a success none.
int answer(const char *call, int code, int most);
// After a failure: an output that was to be written on success only is as it was.
void untouched(const char *call, int code, const void *output, size_t size, size_t kept);
// A buffer that a call has filled.
void drop(int code, plsm_buf_t *buf);
// Says what is wrong and aborts.
void wrong(const char *call, const char *what) __attribute__((noreturn));
// Ends the call: frees its arguments.
void done(void);

#define CALL(most, call) answer(#call, (call), (most))

struct call {
    const char *name;
    void (*make)(void);
};
// The calls of each part; a part ends with an entry without a name.
extern const struct call library_calls[], client_calls[], pool_calls[], append_calls[], stream_calls[], view_calls[],
    input_calls[], codec_calls[];

#endif
