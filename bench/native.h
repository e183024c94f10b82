// The C++ and the Rust shim, each in its own language: nanoseconds for `count` messages, 0 when something was not as it should be.
#ifndef PLASMITE_BENCH_NATIVE_H
#define PLASMITE_BENCH_NATIVE_H

#include <plasmite.h>

#ifdef __cplusplus
extern "C" {
#endif

// Each opens the pool at `path`. Objects are made from the texts before the clock starts.
typedef uint64_t native_append(const char *path, const plsm_bytes_t *texts, size_t texts_len, uint64_t count);
// Reads all of the pool into objects, and tells the sum of the field "count" in `out_sum`.
typedef uint64_t native_read(const char *path, uint64_t expected, int64_t *out_sum);

native_append cpp_append_text, cpp_append_objects, cpp_append_batches;
native_read cpp_read_objects;
native_append rust_append_text, rust_append_objects, rust_append_batches;
native_read rust_read_objects;

#ifdef __cplusplus
}
#endif
#endif
