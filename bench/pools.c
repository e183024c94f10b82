// Pools in the scratch directory, and the mapped ring that floor F uses.
#define _GNU_SOURCE
#include "pools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "messages.h"

#define BATCH 64u

void die_of(const plsm_error_t *error, const char *doing) {
    if (error == NULL) die("%s: failed without an error", doing);
    die("%s: %s", doing, error->message ? error->message : "no message");
}

plsm_client_t *client_new(void) {
    plsm_client_t *client = NULL;
    plsm_error_t *error = NULL;
    if (plsm_client_new(scratch_dir(), &client, &error) != 0) die_of(error, "new client");
    return client;
}

plsm_pool_t *pool_create(const char *name, uint64_t size) {
    plsm_client_t *client = client_new();
    plsm_pool_t *pool = NULL;
    plsm_error_t *error = NULL;
    if (plsm_pool_create(client, name, size, &pool, &error) != 0) die_of(error, "create pool");
    plsm_client_free(client);
    return pool;
}

plsm_pool_t *pool_open(const char *name) {
    plsm_client_t *client = client_new();
    plsm_pool_t *pool = NULL;
    plsm_error_t *error = NULL;
    if (plsm_pool_open(client, name, &pool, &error) != 0) die_of(error, "open pool");
    plsm_client_free(client);
    return pool;
}

void pool_delete(const char *name) {
    plsm_client_t *client = client_new();
    plsm_error_t *error = NULL;
    if (plsm_pool_delete(client, name, &error) != 0) die_of(error, "delete pool");
    plsm_client_free(client);
}

plsm_bounds_t pool_bounds(plsm_pool_t *pool) {
    plsm_bounds_t bounds;
    memset(&bounds, 0, sizeof bounds);
    plsm_error_t *error = NULL;
    if (plsm_pool_bounds(pool, &bounds, &error) != 0) die_of(error, "bounds of pool");
    return bounds;
}

plsm_pool_info_t pool_info(plsm_pool_t *pool) {
    plsm_pool_info_t info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    plsm_error_t *error = NULL;
    if (plsm_pool_info(pool, &info, &error) != 0) die_of(error, "info of pool");
    return info;
}

uint64_t append_messages(plsm_pool_t *pool, uint64_t first, uint64_t count) {
    const struct messages *messages = standard_messages();
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (uint64_t i = first; i < first + count; i++) {
        const plsm_bytes_t *text = &messages->text[i % MESSAGES];
        if (plsm_pool_append(pool, text->data, text->len, NULL, NULL, &error) != 0) die_of(error, "append");
    }
    return now_ns() - start;
}

void fill_pool(plsm_pool_t *pool, uint64_t count) {
    const struct messages *messages = standard_messages();
    plsm_batch_item_t items[BATCH];
    plsm_error_t *error = NULL;
    for (uint64_t done = 0; done < count;) {
        size_t now = count - done < BATCH ? (size_t)(count - done) : BATCH;
        memset(items, 0, sizeof items);
        for (size_t i = 0; i < now; i++) {
            const plsm_bytes_t *text = &messages->text[(done + i) % MESSAGES];
            items[i].data = text->data;
            items[i].len = text->len;
            items[i].encoding = PLSM_ITEM_JSON;
        }
        if (plsm_pool_append_batch(pool, items, now, NULL, NULL, &error) != 0) die_of(error, "append batch");
        done += now;
    }
}

plsm_stream_t *stream_from(plsm_pool_t *pool, uint64_t seq, uint32_t spin_us) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.start = seq == 0 ? PLSM_START_NOW : PLSM_START_SEQ;
    options.start_value = seq;
    options.gap_policy = PLSM_GAP_ERROR;
    options.spin_us = spin_us;
    plsm_stream_t *stream = NULL;
    plsm_error_t *error = NULL;
    if (plsm_pool_tail(pool, &options, &stream, &error) != 0) die_of(error, "open stream");
    return stream;
}

void stream_message(plsm_stream_t *stream, plsm_view_t *view) {
    plsm_error_t *error = NULL;
    int next = plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, view, &error);
    if (next == PLSM_NEXT_MESSAGE) return;
    if (next == PLSM_NEXT_ERROR) die_of(error, "next message");
    die("next message: the stream ended with %d", next);
}

struct ring ring_create(const char *name, size_t size, bool single_pages) {
    char *path = scratch_path(name);
    struct ring ring = {.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), .size = size};
    if (ring.fd < 0) die("cannot create %s: %s", path, strerror(errno));
    int failed = posix_fallocate(ring.fd, 0, (off_t)size);
    if (failed != 0) die("cannot reserve %s: %s", path, strerror(failed));
    ring.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, 0);
    if (ring.bytes == MAP_FAILED) die("cannot map %s: %s", path, strerror(errno));
    // Random access means no read-ahead, and it is read-ahead that makes the large units.
    if (single_pages && madvise(ring.bytes, size, MADV_RANDOM) != 0) die("madvise: %s", strerror(errno));
    memset(ring.bytes, 0xA5, size);
    free(path);
    return ring;
}
