// The C side of the Go benches: the same messages and the same paths as bench/ measures, in loops of their own.
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "messages.c" // of bench/

void die(const char *format, ...) {
    fprintf(stderr, "bench: %s\n", format);
    exit(1);
}

void die_of(const plsm_error_t *error, const char *what) {
    fprintf(stderr, "bench: %s: %s\n", what, error == NULL ? "?" : error->message);
    exit(1);
}

const char *bench_message(unsigned index, size_t *len) {
    const plsm_bytes_t *text = &standard_messages()->text[index % MESSAGES];
    *len = text->len;
    return (const char *)text->data;
}

plsm_pool_t *bench_open(const char *path) {
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL;
    plsm_error_t *error = NULL;
    if (plsm_client_new(".", &client, &error) != 0 || plsm_pool_open(client, path, &pool, &error) != 0) die_of(error, "open");
    plsm_client_free(client);
    return pool;
}

void bench_append(plsm_pool_t *pool, uint64_t count) {
    const struct messages *messages = standard_messages();
    plsm_error_t *error = NULL;
    for (uint64_t i = 0; i < count; i++) {
        const plsm_bytes_t *text = &messages->text[i % MESSAGES];
        plsm_receipt_t receipt;
        if (plsm_pool_append(pool, text->data, text->len, NULL, &receipt, &error) != 0) die_of(error, "append");
    }
}

void bench_append_echo(plsm_pool_t *pool, uint64_t count) {
    const struct messages *messages = standard_messages();
    plsm_error_t *error = NULL;
    for (uint64_t i = 0; i < count; i++) {
        const plsm_bytes_t *text = &messages->text[i % MESSAGES];
        plsm_buf_t message = {0};
        if (plsm_pool_append_json(pool, text->data, text->len, NULL, 0, 0, &message, &error) != 0) die_of(error, "append");
        plsm_buf_free(&message);
    }
}

void bench_append_batch(plsm_pool_t *pool, uint64_t count, size_t each) {
    const struct messages *messages = standard_messages();
    plsm_batch_item_t *items = calloc(each, sizeof *items);
    plsm_receipt_t *receipts = calloc(each, sizeof *receipts);
    plsm_error_t *error = NULL;
    if (items == NULL || receipts == NULL) die("out of memory");
    for (uint64_t i = 0; i < count; i += each) {
        for (size_t k = 0; k < each; k++) {
            items[k].data = messages->text[(i + k) % MESSAGES].data;
            items[k].len = messages->text[(i + k) % MESSAGES].len;
        }
        if (plsm_pool_append_batch(pool, items, each, NULL, receipts, &error) != 0) die_of(error, "append batch");
    }
    free(items);
    free(receipts);
}

uint64_t bench_tail_json(plsm_pool_t *pool) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.flags = PLSM_TAIL_SNAPSHOT;
    plsm_stream_t *stream = NULL;
    plsm_error_t *error = NULL;
    plsm_bytes_t envelope;
    uint64_t count = 0;
    if (plsm_pool_tail(pool, &options, &stream, &error) != 0) die_of(error, "tail");
    while (plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &envelope, &error) == PLSM_NEXT_MESSAGE) count++;
    plsm_stream_free(stream);
    return count;
}
