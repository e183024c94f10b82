// Several writers, processes or threads, that append to one pool for a while.
#ifndef PLASMITE_BENCH_TEAM_H
#define PLASMITE_BENCH_TEAM_H

#include <stdbool.h>
#include <stdint.h>

struct team_job {
    const char *pool;
    unsigned writers; // at most 8
    bool threads;     // of this process instead of processes
    bool pinned;      // writer i to CPU i
    bool flush;       // durability
    uint64_t run_ns;
};

// Appends a second, all writers together.
double team_rate(const struct team_job *job);

#endif
