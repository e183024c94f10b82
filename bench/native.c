// The C++ and the Rust shim beside the C calls of the same rounds: text in, objects in, batches of objects in, objects out.
#include "native.h"

#include <stdio.h>
#include <stdlib.h>

#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

#define COUNT (16 * MESSAGES) // messages a round

struct shim {
    native_append *text, *objects, *batches;
    native_read *read;
    enum row first; // text, objects, batches, read
    const char *name;
};

static uint64_t read_json(plsm_pool_t *pool) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.flags = PLSM_TAIL_SNAPSHOT;
    plsm_stream_t *stream = NULL;
    plsm_error_t *error = NULL;
    if (plsm_pool_tail(pool, &options, &stream, &error) != 0) die_of(error, "open stream");
    plsm_bytes_t json;
    uint64_t start = now_ns();
    while (plsm_stream_next_json(stream, 0, &json, &error) == PLSM_NEXT_MESSAGE) {}
    uint64_t took = now_ns() - start;
    plsm_stream_free(stream);
    return took;
}

static void measure(const struct shim *shim) {
    pin_to(0);
    const struct messages *messages = standard_messages();
    plsm_pool_t *pool = pool_create(shim->name, POOL_SIZE);
    append_messages(pool, 0, 512000); // touches every page
    char file[32];
    snprintf(file, sizeof file, "%s.plasmite", shim->name);
    char *path = scratch_path(file);
    double took[4][SHORT_ROUNDS];
    for (unsigned round = 0; round < SHORT_ROUNDS; round++) {
        double c = (double)append_messages(pool, 0, COUNT);
        took[0][round] = (double)shim->text(path, messages->text, MESSAGES, COUNT);
        took[1][round] = (double)shim->objects(path, messages->text, MESSAGES, COUNT);
        took[2][round] = (double)shim->batches(path, messages->text, MESSAGES, COUNT);
        uint64_t newest = pool_bounds(pool).newest;
        if (newest != 512000 + 4ull * COUNT * (round + 1)) die("%llu messages are there", (unsigned long long)newest);
        for (int way = 0; way < 3; way++) {
            if (took[way][round] == 0) die("way %d of appending broke", way);
            row_ratio((enum row)(shim->first + way), took[way][round] / c);
        }
    }
    // A pool at rest, whose contents are known: the batches wrote the messages in turn.
    plsm_bounds_t bounds = pool_bounds(pool);
    uint64_t count = bounds.newest - bounds.oldest + 1;
    int64_t sum = 0, read = 0;
    for (uint64_t seq = bounds.oldest; seq <= bounds.newest; seq++) sum += messages->count[(seq - 512001) % MESSAGES];
    for (unsigned round = 0; round < SHORT_ROUNDS; round++) {
        double c = (double)read_json(pool);
        took[3][round] = (double)shim->read(path, count, &read);
        if (took[3][round] == 0 || read != sum) die("the objects held other fields than were written");
        row_ratio((enum row)(shim->first + 3), took[3][round] / c);
    }
    for (int way = 0; way < 4; way++) {
        double each = median(took[way], SHORT_ROUNDS) / (way == 3 ? (double)count : COUNT);
        row_about((enum row)(shim->first + way), "%.0f ns, %.2f M/s", each, 1000 / each);
    }
    free(path);
    plsm_pool_free(pool);
    pool_delete(shim->name);
}

void bench_cpp(void) {
    measure(&(struct shim){cpp_append_text, cpp_append_objects, cpp_append_batches, cpp_read_objects, ROW_CPP_TEXT, "native-cpp"});
}

void bench_rust(void) {
    measure(&(struct shim){rust_append_text, rust_append_objects, rust_append_batches, rust_read_objects, ROW_RUST_TEXT, "native-rust"});
}
