// The rows of the table: their names, floors and bars.
#ifndef PLASMITE_BENCH_ROWS_H
#define PLASMITE_BENCH_ROWS_H

#include <stdbool.h>

// In the order of the table; the rows of one group stand together.
enum row {
    ROW_APPEND_JSON,
    ROW_APPEND_RECEIPT,
    ROW_APPEND_LITE3,
    ROW_APPEND_BATCH,
    ROW_APPEND_BATCH_LITE3,
    ROW_TAIL_JSON,
    ROW_TAIL_VIEW,
    ROW_FILTER_ALL,
    ROW_FILTER_NONE,
    ROW_FILTER_TEST,
    ROW_FILTER_JQ,
    ROW_GET_JSON,
    ROW_GET_VIEW,
    ROW_PING_P50,
    ROW_PING_P99,
    ROW_SPIN_P50,
    ROW_WAKE_P50,
    ROW_TWO_WRITERS,
    ROW_WITH_FOLLOWER,
    ROW_WITH_WAITERS,
    ROW_FLUSH_ONE,
    ROW_FLUSH_EIGHT,
    ROW_FLUSH_THREADS,
    ROW_OPEN,
    ROW_CLI_FEED,
    ROW_CLI_READ,
    ROW_SINCE,
    ROW_HTTP_APPEND,
    ROW_HTTP_BATCH,
    ROW_HTTP_TAIL,
    ROW_HTTP_WAKE,
    ROW_IDLE_REACH,
    ROW_IDLE_MEMORY,
    ROW_FRAMING,
    ROW_START_VERSION,
    ROW_START_FETCH,
    ROW_MEMORY_FEED,
    ROW_MEMORY_FOLLOW,
    ROW_CPP_TEXT,
    ROW_CPP_OBJECTS,
    ROW_CPP_BATCHES,
    ROW_CPP_READ,
    ROW_RUST_TEXT,
    ROW_RUST_OBJECTS,
    ROW_RUST_BATCHES,
    ROW_RUST_READ,
    ROW_COUNT
};

struct row_spec {
    const char *name;  // as typed after bench/run
    const char *path;  // what runs
    const char *floor; // what it is divided by; "" when the figure is no ratio
    double bar;
    bool at_least; // the bar is a minimum
};

extern const struct row_spec row_specs[ROW_COUNT];

#endif
