// Reading a full pool from the oldest message: JSON envelopes (floor W), borrowed views (floor F).
#include <string.h>

#include "benches.h"
#include "floors.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

static plsm_stream_t *snapshot(plsm_pool_t *pool, uint32_t flags) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.start = PLSM_START_OLDEST;
    options.flags = PLSM_TAIL_SNAPSHOT | flags;
    plsm_stream_t *stream = NULL;
    plsm_error_t *error = NULL;
    if (plsm_pool_tail(pool, &options, &stream, &error) != 0) die_of(error, "open stream");
    return stream;
}

static uint64_t read_json(plsm_pool_t *pool, uint64_t expected) {
    plsm_stream_t *stream = snapshot(pool, 0);
    plsm_error_t *error = NULL;
    plsm_bytes_t envelope;
    uint64_t messages = 0, bytes = 0;
    int next;
    uint64_t start = now_ns();
    while ((next = plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &envelope, &error)) == PLSM_NEXT_MESSAGE) {
        messages++;
        bytes += envelope.len;
    }
    uint64_t took = now_ns() - start;
    if (next != PLSM_NEXT_END) die_of(error, "next envelope");
    if (messages != expected || bytes < expected * 100) die("read %llu envelopes", (unsigned long long)messages);
    plsm_stream_free(stream);
    return took;
}

// Reads "count" and "sensor" of each in place, and asks afterwards whether the view was still valid.
static uint64_t read_views(plsm_pool_t *pool, uint64_t expected, int64_t expected_sum) {
    plsm_stream_t *stream = snapshot(pool, PLSM_TAIL_IN_PLACE);
    plsm_error_t *error = NULL;
    plsm_view_t views[32];
    size_t count;
    uint64_t messages = 0, name_bytes = 0;
    int64_t sum = 0;
    int next;
    uint64_t start = now_ns();
    while ((next = plsm_stream_next_views(stream, PLSM_WAIT_FOREVER, views, 32, &count, &error)) == PLSM_NEXT_MESSAGE) {
        for (size_t i = 0; i < count; i++) {
            int64_t value = 0;
            plsm_bytes_t sensor = {0};
            if (plsm_view_i64(&views[i], "count", 5, &value, &error) != 1) die_of(error, "field count");
            if (plsm_view_string(&views[i], "sensor", 6, &sensor, &error) != 1) die_of(error, "field sensor");
            if (!plsm_view_is_valid(&views[i])) die("a view was overtaken in a pool at rest");
            messages++;
            sum += value;
            name_bytes += sensor.len;
        }
    }
    uint64_t took = now_ns() - start;
    if (next != PLSM_NEXT_END) die_of(error, "next view");
    if (messages != expected || sum != expected_sum || name_bytes != expected * 9) die("the views held other fields than were written");
    plsm_stream_free(stream);
    return took;
}

void bench_tail(void) {
    pin_to(0);
    const struct messages *messages = standard_messages();
    struct ring ring = ring_create("floor-ring", POOL_SIZE, false);
    plsm_pool_t *pool = pool_create("tail", POOL_SIZE);
    append_messages(pool, 0, 512000);
    plsm_bounds_t bounds = pool_bounds(pool);
    uint64_t count = bounds.newest - bounds.oldest + 1;
    int64_t sum = 0;
    for (uint64_t seq = bounds.oldest; seq <= bounds.newest; seq++) sum += messages->count[(seq - 1) % MESSAGES];
    read_json(pool, count);
    floor_frame(ring.bytes, ring.size, messages->text, MESSAGES, count);
    double json_took[rounds], views_took[rounds];
    for (unsigned round = 0; round < rounds; round++) {
        double write = (double)floor_write(messages->text, MESSAGES, count);
        double json = json_took[round] = (double)read_json(pool, count);
        double frame = (double)floor_frame(ring.bytes, ring.size, messages->text, MESSAGES, count);
        double views = views_took[round] = (double)read_views(pool, count, sum);
        if (write == 0 || frame == 0) die("a floor refused its input");
        row_ratio(ROW_TAIL_JSON, json / write);
        row_ratio(ROW_TAIL_VIEW, views / frame);
    }
    double json_each = median(json_took, rounds) / (double)count, view_each = median(views_took, rounds) / (double)count;
    row_about(ROW_TAIL_JSON, "%.0f ns, %.2f M/s", json_each, 1000 / json_each);
    row_about(ROW_TAIL_VIEW, "%.0f ns, %.2f M/s", view_each, 1000 / view_each);
    plsm_pool_free(pool);
    pool_delete("tail");
}
