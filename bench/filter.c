// Reading through jq filters, against the same without one, and against jq over the same messages.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benches.h"
#include "command.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

#define FILTERED 400000u
#define JQ_ROUNDS 3u // at most; one takes seconds

// Reads all as JSON envelopes through a filter, or without one.
static double read_filtered(plsm_pool_t *pool, const char *expression, uint64_t expected) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_filter_t *filter = NULL;
    plsm_stream_t *stream = NULL;
    plsm_error_t *error = NULL;
    plsm_bytes_t envelope;
    uint64_t messages = 0;
    int next;
    options.flags = PLSM_TAIL_SNAPSHOT;
    if (expression != NULL) {
        if (plsm_filter_new(expression, strlen(expression), NULL, &filter, &error) != 0) die_of(error, "compile a filter");
        options.filters = (const plsm_filter_t *const *)&filter;
        options.filters_len = 1;
    }
    if (plsm_pool_tail(pool, &options, &stream, &error) != 0) die_of(error, "open stream");
    uint64_t start = now_ns();
    while ((next = plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &envelope, &error)) == PLSM_NEXT_MESSAGE) messages++;
    uint64_t took = now_ns() - start;
    if (next != PLSM_NEXT_END) die_of(error, "next envelope");
    if (messages != expected) die("%llu messages passed, not %llu", (unsigned long long)messages, (unsigned long long)expected);
    plsm_stream_free(stream);
    plsm_filter_free(filter);
    return (double)took;
}

static void against_none(plsm_pool_t *pool, enum row row, const char *expression, uint64_t expected) {
    double *took = calloc(rounds, sizeof *took);
    if (took == NULL) die("out of memory");
    read_filtered(pool, expression, expected);
    for (unsigned round = 0; round < rounds; round++) {
        double plain = read_filtered(pool, NULL, FILTERED);
        took[round] = read_filtered(pool, expression, expected);
        row_ratio(row, took[round] / plain);
    }
    row_about(row, "%.0f ns a message", median(took, rounds) / FILTERED);
    free(took);
}

// The same program in `follow --where` and in jq, which reads what follow prints without one.
static void against_jq(void) {
    static const char program[] = "[.data | to_entries[] | select(.value | type == \"number\") | .value] | add > 0";
    char *plasmite = (char *)required_env("PLASMITE_BENCH_CLI"), version[64], select[160];
    char *ask[] = {"jq", "--version", NULL};
    if (access(plasmite, X_OK) != 0 || !command_first_line(ask, version, sizeof version)) {
        row_not_run(ROW_FILTER_JQ, "needs target/release/plasmite (make) and jq 1.6 or later (apt-get install jq)");
        return;
    }
    snprintf(select, sizeof select, "select(%s)", program);
    char *printed = scratch_path("filtered.jsonl");
    char *all[] = {plasmite, "--dir", (char *)scratch_dir(), "follow", "filtered", "--no-follow", "--jsonl", NULL};
    char *where[] = {plasmite, "--dir", (char *)scratch_dir(), "follow", "filtered", "--no-follow", "--jsonl", "--where", (char *)program, NULL};
    char *jq[] = {"jq", "-c", select, NULL};
    unsigned count = rounds < JQ_ROUNDS ? rounds : JQ_ROUNDS;
    double took[JQ_ROUNDS];
    command_run(all, NULL, printed);
    for (unsigned round = 0; round < count; round++) {
        double by_jq = (double)command_run(jq, printed, NULL).wall_ns;
        took[round] = (double)command_run(where, NULL, NULL).wall_ns;
        row_ratio(ROW_FILTER_JQ, took[round] / by_jq);
    }
    double each = median(took, count) / FILTERED;
    row_about(ROW_FILTER_JQ, "%.0f ns a message; %s", each, version);
    unlink(printed);
}

void bench_filter(void) {
    pin_to(0);
    plsm_pool_t *pool = pool_create("filtered", 256 * MIB); // holds them all
    fill_pool(pool, FILTERED);
    against_none(pool, ROW_FILTER_ALL, ".data.count >= 0", FILTERED);
    against_none(pool, ROW_FILTER_NONE, ".data.count < 0", 0);
    against_none(pool, ROW_FILTER_TEST, ".data.sensor | test(\"-[0-9]+$\")", FILTERED);
    plsm_pool_free(pool);
    against_jq();
    pool_delete("filtered");
}
