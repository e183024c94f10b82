// The C figures of the benches of other languages: does what its standard input asks for and answers in nanoseconds,
// on the clock and of processor time, so that C and the language run in turns. Commands: `lines FILE`, `append N`, `append-echo N`, `append-batch N`, `read N`.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common.h"
#include "messages.h"
#include "pools.h"

#define BATCH 64u

static uint64_t append_echo(plsm_pool_t *pool, uint64_t count) {
    const struct messages *messages = standard_messages();
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (uint64_t i = 0; i < count; i++) {
        const plsm_bytes_t *text = &messages->text[i % MESSAGES];
        plsm_buf_t stored;
        if (plsm_pool_append_json(pool, text->data, text->len, NULL, 0, 0, &stored, &error) != 0) die_of(error, "append");
        plsm_buf_free(&stored);
    }
    return now_ns() - start;
}

static uint64_t append_batches(plsm_pool_t *pool, uint64_t count) {
    static plsm_batch_item_t items[MESSAGES];
    const struct messages *messages = standard_messages();
    for (unsigned i = 0; i < MESSAGES; i++) items[i] = (plsm_batch_item_t){.data = messages->text[i].data, .len = messages->text[i].len};
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (uint64_t i = 0; i < count; i += BATCH) {
        if (plsm_pool_append_batch(pool, &items[i % MESSAGES], BATCH, NULL, NULL, &error) != 0) die_of(error, "append batch");
    }
    return now_ns() - start;
}

static uint64_t read_json(plsm_pool_t *pool, uint64_t count) {
    plsm_error_t *error = NULL;
    plsm_stream_t *stream = NULL;
    uint64_t start = now_ns();
    if (plsm_pool_tail(pool, NULL, &stream, &error) != 0) die_of(error, "open tail");
    plsm_bytes_t json;
    for (uint64_t i = 0; i < count; i++) {
        if (plsm_stream_next_json(stream, 0, &json, &error) != PLSM_NEXT_MESSAGE) die_of(error, "next");
    }
    plsm_stream_free(stream);
    return now_ns() - start;
}

static uint64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(void) {
    pin_to(0);
    plsm_pool_t *pool = pool_create("c-side", POOL_SIZE);
    fill_pool(pool, 512000); // touches every page
    char command[32], file[4096];
    unsigned long long count;
    while (scanf("%31s", command) == 1) {
        if (strcmp(command, "lines") == 0) {
            if (scanf(" %4095[^\n]", file) != 1) die("lines needs a file");
            write_lines(file, MESSAGES);
            puts("0 0");
        } else {
            if (scanf("%llu", &count) != 1) die("%s needs a number", command);
            uint64_t took = 0, before = cpu_ns();
            if (strcmp(command, "append") == 0) took = append_messages(pool, 0, count);
            else if (strcmp(command, "append-echo") == 0) took = append_echo(pool, count);
            else if (strcmp(command, "append-batch") == 0) took = append_batches(pool, count);
            else if (strcmp(command, "read") == 0) took = read_json(pool, count);
            else die("unknown command %s", command);
            printf("%llu %llu\n", (unsigned long long)took, (unsigned long long)(cpu_ns() - before));
        }
        fflush(stdout);
    }
    plsm_pool_free(pool);
    return 0;
}
