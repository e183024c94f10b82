// Appends with flush: one writer against fdatasync after the same pages changed (D); 8 writers against one.
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"
#include "team.h"

#define ROUND_NS (800ull * MS)
#define MOST_FLUSHES 20000u // a round
#define CONTROL_PAGE 4096u

// What the appends change, on a file of the same size: a frame in the ring, the control words, an index slot.
struct imitation {
    struct ring file;
    uint64_t ring_offset, ring_size, index_offset, index_size, frame_len;
    uint64_t position, number;
};

static void imitate_flush(struct imitation *imitation) {
    uint8_t *bytes = imitation->file.bytes;
    if (imitation->position + imitation->frame_len > imitation->ring_size) imitation->position = 0;
    memset(bytes + imitation->ring_offset + imitation->position, (int)(imitation->number & 0xFF), imitation->frame_len);
    imitation->position += imitation->frame_len;
    imitation->number++;
    memcpy(bytes + CONTROL_PAGE, &imitation->number, sizeof imitation->number);
    if (imitation->index_size >= 8 && imitation->number % 16 == 0)
        memcpy(bytes + imitation->index_offset + imitation->number / 16 * 8 % (imitation->index_size / 8 * 8), &imitation->number, 8);
    if (fdatasync(imitation->file.fd) != 0) die("fdatasync: %s", strerror(errno));
}

static void flush_one(plsm_pool_t *pool) {
    plsm_pool_info_t info = pool_info(pool);
    struct imitation imitation = {.file = ring_create("flush-imitation", POOL_SIZE, true),
                                  .ring_offset = info.ring_offset,
                                  .ring_size = info.ring_size,
                                  .index_offset = info.index_offset,
                                  .index_size = info.index_size_bytes,
                                  .frame_len = info.used_bytes / (info.bounds.newest - info.bounds.oldest + 1)};
    if (fsync(imitation.file.fd) != 0) die("fsync: %s", strerror(errno));
    const struct messages *messages = standard_messages();
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.durability = 1;
    plsm_error_t *error = NULL;
    double each[rounds], bare[rounds];
    static uint64_t flushing[MOST_FLUSHES], syncing[MOST_FLUSHES];
    for (unsigned round = 0; round < rounds; round++) {
        // Turn and turn about, so that both see the same moods of the disk.
        uint64_t until = now_ns() + ROUND_NS;
        size_t count = 0;
        for (; count < 20 || (now_ns() < until && count < MOST_FLUSHES); count++) {
            const plsm_bytes_t *text = &messages->text[count % MESSAGES];
            uint64_t start = now_ns();
            imitate_flush(&imitation);
            uint64_t middle = now_ns();
            if (plsm_pool_append(pool, text->data, text->len, &options, NULL, &error) != 0) die_of(error, "append with flush");
            flushing[count] = now_ns() - middle;
            syncing[count] = middle - start;
        }
        each[round] = (double)percentile(flushing, count, 0.5) / 1000;
        bare[round] = (double)percentile(syncing, count, 0.5) / 1000;
        row_ratio(ROW_FLUSH_ONE, each[round] / bare[round]);
    }
    row_about(ROW_FLUSH_ONE, "%.0f us, D %.0f us", median(each, rounds), median(bare, rounds));
}

void bench_flush(void) {
    plsm_pool_t *pool = pool_create("flush", POOL_SIZE);
    plsm_error_t *error = NULL;
    // A pool that is flushed from its beginning: the library may prepare for that. Then every block is written
    // once, as in the imitation.
    if (plsm_pool_flush(pool, &error) != 0) die_of(error, "flush");
    fill_pool(pool, 512000);
    if (plsm_pool_flush(pool, &error) != 0) die_of(error, "flush");
    flush_one(pool);
    plsm_pool_free(pool);
    struct team_job one = {.pool = "flush", .writers = 1, .flush = true, .run_ns = ROUND_NS / 2}, eight = one, threads = one;
    eight.writers = threads.writers = 8;
    threads.threads = true;
    double eight_rate[rounds], thread_rate[rounds];
    for (unsigned round = 0; round < rounds; round++) {
        double alone = team_rate(&one);
        eight_rate[round] = team_rate(&eight);
        thread_rate[round] = team_rate(&threads);
        row_ratio(ROW_FLUSH_EIGHT, eight_rate[round] / alone);
        row_ratio(ROW_FLUSH_THREADS, thread_rate[round] / alone);
    }
    row_about(ROW_FLUSH_EIGHT, "%.0f flushed appends a second", median(eight_rate, rounds));
    row_about(ROW_FLUSH_THREADS, "%.0f flushed appends a second", median(thread_rate, rounds));
    pool_delete("flush");
}
