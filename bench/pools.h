// Pools in the scratch directory, and the mapped ring that floor F uses.
#ifndef PLASMITE_BENCH_POOLS_H
#define PLASMITE_BENCH_POOLS_H

#include <plasmite.h>

#include "common.h"

// Dies with the text and the library's message; frees nothing.
_Noreturn void die_of(const plsm_error_t *error, const char *doing);

// In scratch_dir(); the handle is the caller's.
plsm_client_t *client_new(void);
plsm_pool_t *pool_create(const char *name, uint64_t size);
plsm_pool_t *pool_open(const char *name);
void pool_delete(const char *name);
plsm_bounds_t pool_bounds(plsm_pool_t *pool);
plsm_pool_info_t pool_info(plsm_pool_t *pool);

// Appends the standard messages in turn, `first` being the number of the first; returns the nanoseconds taken.
uint64_t append_messages(plsm_pool_t *pool, uint64_t first, uint64_t count);
// The same quickly, in batches: for filling pools before the clock starts.
void fill_pool(plsm_pool_t *pool, uint64_t count);
// A stream from `seq` on, or from now on when it is 0, with in-place views.
plsm_stream_t *stream_from(plsm_pool_t *pool, uint64_t seq, uint32_t spin_us);
// Waits for the next message; dies on anything else.
void stream_message(plsm_stream_t *stream, plsm_view_t *view);

// A file of `size` bytes in scratch_dir(), mapped shared, every page written once. With `single_pages` the kernel caches it page
// by page; else it may use units of up to 2 MiB, which are quicker to touch first but are synced whole when one byte changed.
struct ring {
    int fd;
    uint8_t *bytes;
    size_t size;
};
struct ring ring_create(const char *name, size_t size, bool single_pages);

#endif
