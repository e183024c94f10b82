// The C calls under the Node SDK: calls DIRECTORY LINES COUNT prints one line of JSON, in ns a message. LINES has a JSON text
// a line.
#include <plasmite.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXTS 4096
#define BATCH 64

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void must(int status, plsm_error_t *error) {
    if (status >= 0) return;
    fprintf(stderr, "calls: %s\n", error ? error->message : "failed");
    exit(1);
}

int main(int argc, char **argv) {
    static char text[TEXTS][256];
    static plsm_batch_item_t items[TEXTS];
    static plsm_view_t views[256];
    static uint8_t json[4096];
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL;
    plsm_stream_t *stream = NULL;
    plsm_error_t *error = NULL;
    if (argc != 4) return 2;
    size_t count = strtoul(argv[3], NULL, 10);
    FILE *lines = fopen(argv[2], "r");
    if (lines == NULL) return 1;
    for (size_t i = 0; i < TEXTS; i++) {
        if (fgets(text[i], sizeof text[i], lines) == NULL) return 1;
        items[i].data = (const uint8_t *)text[i];
        items[i].len = strcspn(text[i], "\n");
    }
    fclose(lines);
    plsm_pool_options_t options = PLSM_POOL_OPTIONS_INIT;
    options.size_bytes = 64u << 20;
    must(plsm_client_new(argv[1], &client, &error), error);
    must(plsm_pool_ensure(client, "c", &options, &pool, NULL, &error), error);
    plsm_receipt_t receipts[BATCH];

    double start = now();
    for (size_t i = 0; i < count; i++) must(plsm_pool_append(pool, items[i % TEXTS].data, items[i % TEXTS].len, NULL, receipts, &error), error);
    double one = (now() - start) / (double)count;

    start = now();
    for (size_t i = 0; i < count; i += BATCH) must(plsm_pool_append_batch(pool, items + i % TEXTS, BATCH, NULL, receipts, &error), error);
    double batch = (now() - start) / (double)count;

    plsm_tail_options_t tail = PLSM_TAIL_OPTIONS_INIT;
    tail.flags = PLSM_TAIL_SNAPSHOT;
    tail.start = PLSM_START_LAST;
    tail.start_value = count;
    start = now();
    must(plsm_pool_tail(pool, &tail, &stream, &error), error);
    size_t seen = 0, filled = 0, length = 0;
    while (plsm_stream_next_views(stream, 0, views, 256, &filled, &error) == PLSM_NEXT_MESSAGE) {
        for (size_t i = 0; i < filled; i++) must(plsm_view_write_json(&views[i], PLSM_PART_DATA, json, sizeof json, &length, &error), error);
        seen += filled;
    }
    double read = (now() - start) / (double)count;
    if (seen != count) return 1;
    printf("{\"append\":%.1f,\"batch\":%.1f,\"read\":%.1f}\n", one, batch, read);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
    plsm_client_free(client);
    return 0;
}
