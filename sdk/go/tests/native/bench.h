#ifndef PLASMITE_GO_BENCH_H
#define PLASMITE_GO_BENCH_H

#include <plasmite.h>

// The standard message of that index.
const char *bench_message(unsigned index, size_t *len);
plsm_pool_t *bench_open(const char *path);
void bench_append(plsm_pool_t *pool, uint64_t count);
void bench_append_echo(plsm_pool_t *pool, uint64_t count);
void bench_append_batch(plsm_pool_t *pool, uint64_t count, size_t each);
// Reads from the oldest to the newest message and tells how many there were.
uint64_t bench_tail_json(plsm_pool_t *pool);

#endif
