// Floors P, W and F, from the crate in floors/: nanoseconds for `count` rounds over the texts in turn, 0 for unusable input.
#ifndef PLASMITE_BENCH_FLOORS_H
#define PLASMITE_BENCH_FLOORS_H

#include <plasmite.h>

uint64_t floor_parse(const plsm_bytes_t *texts, size_t texts_len, uint64_t count);
uint64_t floor_write(const plsm_bytes_t *texts, size_t texts_len, uint64_t count);
uint64_t floor_frame(uint8_t *ring, size_t ring_len, const plsm_bytes_t *texts, size_t texts_len, uint64_t count);

#endif
