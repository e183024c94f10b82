// Appends: JSON, with the receipt envelope, Lite3 data, both in batches of 64. Floors P, W and F.
#include <stdlib.h>
#include <string.h>

#include "benches.h"
#include "floors.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

#define COUNT (32 * MESSAGES) // messages a round
#define BATCH 64u

static uint64_t append_receipts(plsm_pool_t *pool) {
    const struct messages *messages = standard_messages();
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (uint64_t i = 0; i < COUNT; i++) {
        const plsm_bytes_t *text = &messages->text[i % MESSAGES];
        plsm_buf_t receipt;
        if (plsm_pool_append_json(pool, text->data, text->len, NULL, 0, 0, &receipt, &error) != 0) die_of(error, "append with receipt");
        plsm_buf_free(&receipt);
    }
    return now_ns() - start;
}

static uint64_t append_lite3(plsm_pool_t *pool) {
    const plsm_bytes_t *stored = standard_messages_lite3();
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (uint64_t i = 0; i < COUNT; i++) {
        const plsm_bytes_t *data = &stored[i % MESSAGES];
        if (plsm_pool_append_data(pool, data->data, data->len, NULL, NULL, &error) != 0) die_of(error, "append data");
    }
    return now_ns() - start;
}

static uint64_t append_batches(plsm_pool_t *pool, const plsm_batch_item_t *items) {
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (uint64_t i = 0; i < COUNT; i += BATCH) {
        if (plsm_pool_append_batch(pool, &items[i % MESSAGES], BATCH, NULL, NULL, &error) != 0) die_of(error, "append batch");
    }
    return now_ns() - start;
}

static plsm_batch_item_t *batch_items(const plsm_bytes_t *bytes, uint32_t encoding) {
    plsm_batch_item_t *items = calloc(MESSAGES, sizeof *items);
    if (items == NULL) die("out of memory");
    for (unsigned i = 0; i < MESSAGES; i++) {
        items[i].data = bytes[i].data;
        items[i].len = bytes[i].len;
        items[i].encoding = encoding;
    }
    return items;
}

static void about_rate(enum row row, double *nanoseconds) {
    double each = median(nanoseconds, SHORT_ROUNDS) / COUNT;
    row_about(row, "%.0f ns, %.2f M/s", each, 1000 / each);
}

void bench_append(void) {
    pin_to(0);
    const struct messages *messages = standard_messages();
    const plsm_bytes_t *stored = standard_messages_lite3();
    plsm_batch_item_t *items = batch_items(messages->text, PLSM_ITEM_JSON);
    plsm_batch_item_t *items_lite3 = batch_items(stored, PLSM_ITEM_LITE3_DATA);
    struct ring ring = ring_create("floor-ring", POOL_SIZE, false);
    plsm_pool_t *pool = pool_create("append", POOL_SIZE);
    append_messages(pool, 0, 512000); // touches every page
    uint64_t before = pool_bounds(pool).newest;
    double took[5][SHORT_ROUNDS], floors[3] = {0};
    for (unsigned round = 0; round < SHORT_ROUNDS; round++) {
        double parse = (double)floor_parse(messages->text, MESSAGES, COUNT);
        double frame = (double)floor_frame(ring.bytes, ring.size, messages->text, MESSAGES, COUNT);
        double json = took[0][round] = (double)append_messages(pool, 0, COUNT);
        double frame_stored = (double)floor_frame(ring.bytes, ring.size, stored, MESSAGES, COUNT);
        double lite3 = took[2][round] = (double)append_lite3(pool);
        double write = (double)floor_write(messages->text, MESSAGES, COUNT);
        double receipts = took[1][round] = (double)append_receipts(pool);
        double batches = took[3][round] = (double)append_batches(pool, items);
        double batches_lite3 = took[4][round] = (double)append_batches(pool, items_lite3);
        if (parse == 0 || frame == 0 || frame_stored == 0 || write == 0) die("a floor refused its input");
        row_ratio(ROW_APPEND_JSON, json / (parse + frame));
        row_ratio(ROW_APPEND_RECEIPT, receipts / (1.8 * (parse + frame) + 1.5 * write));
        row_ratio(ROW_APPEND_LITE3, lite3 / frame_stored);
        row_ratio(ROW_APPEND_BATCH, batches / json);
        row_ratio(ROW_APPEND_BATCH_LITE3, batches_lite3 / lite3);
        floors[0] += parse / COUNT / SHORT_ROUNDS;
        floors[1] += frame / COUNT / SHORT_ROUNDS;
        floors[2] += write / COUNT / SHORT_ROUNDS;
    }
    uint64_t appended = pool_bounds(pool).newest - before;
    if (appended != 5ull * COUNT * SHORT_ROUNDS) die("appended %llu messages, not 5 x %u x %u", (unsigned long long)appended, COUNT, SHORT_ROUNDS);
    about_rate(ROW_APPEND_RECEIPT, took[1]);
    about_rate(ROW_APPEND_LITE3, took[2]);
    about_rate(ROW_APPEND_BATCH, took[3]);
    about_rate(ROW_APPEND_BATCH_LITE3, took[4]);
    double each = median(took[0], SHORT_ROUNDS) / COUNT;
    row_about(ROW_APPEND_JSON, "%.0f ns, %.2f M/s; floors: P %.0f ns, F %.0f ns, W %.0f ns", each, 1000 / each, floors[0], floors[1],
              floors[2]);
    plsm_pool_free(pool);
    pool_delete("append");
}
