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

// Counts what passes a filter: what the commands print is not looked at.
static void expect_matches(plsm_pool_t *pool, const char *expression, uint64_t expected) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_filter_t *filter = NULL;
    plsm_stream_t *stream = NULL;
    plsm_error_t *error = NULL;
    plsm_view_t view;
    uint64_t messages = 0;
    int next;
    if (plsm_filter_new(expression, strlen(expression), NULL, &filter, &error) != 0) die_of(error, "compile a filter");
    options.flags = PLSM_TAIL_SNAPSHOT;
    options.filters = (const plsm_filter_t *const *)&filter;
    options.filters_len = 1;
    if (plsm_pool_tail(pool, &options, &stream, &error) != 0) die_of(error, "open stream");
    while ((next = plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &error)) == PLSM_NEXT_MESSAGE) messages++;
    if (next != PLSM_NEXT_END) die_of(error, "next view");
    if (messages != expected) die("%llu messages passed, not %llu", (unsigned long long)messages, (unsigned long long)expected);
    plsm_stream_free(stream);
    plsm_filter_free(filter);
}

// `follow` of all messages, as JSON lines to /dev/null, through a filter unless it is NULL.
static double follow(char *plasmite, const char *expression, const char *output) {
    char *plain[] = {plasmite, "--dir", (char *)scratch_dir(), "follow", "filtered", "--no-follow", "--jsonl", NULL, NULL, NULL};
    if (expression != NULL) {
        plain[7] = "--where";
        plain[8] = (char *)expression;
    }
    return (double)command_run(plain, NULL, output).wall_ns;
}

static void against_none(char *plasmite, plsm_pool_t *pool, enum row row, const char *expression, uint64_t expected) {
    double *took = calloc(rounds, sizeof *took);
    if (took == NULL) die("out of memory");
    expect_matches(pool, expression, expected);
    follow(plasmite, expression, NULL);
    for (unsigned round = 0; round < rounds; round++) {
        double plain = follow(plasmite, NULL, NULL);
        took[round] = follow(plasmite, expression, NULL);
        row_ratio(row, took[round] / plain);
    }
    row_about(row, "%.0f ns a message", median(took, rounds) / FILTERED);
    free(took);
}

// The same program in `follow --where` and in jq, which reads what follow prints without one.
static void against_jq(char *plasmite) {
    static const char program[] = "[.data | to_entries[] | select(.value | type == \"number\") | .value] | add > 0";
    char version[64], select[160];
    char *ask[] = {"jq", "--version", NULL}, *jq[] = {"jq", "-c", select, NULL};
    if (!command_first_line(ask, version, sizeof version)) {
        row_not_run(ROW_FILTER_JQ, "needs jq 1.6 or later: install it (apt-get install jq, brew install jq)");
        return;
    }
    snprintf(select, sizeof select, "select(%s)", program);
    char *printed = scratch_path("filtered.jsonl");
    unsigned count = rounds < JQ_ROUNDS ? rounds : JQ_ROUNDS;
    double took[JQ_ROUNDS];
    follow(plasmite, NULL, printed);
    for (unsigned round = 0; round < count; round++) {
        double by_jq = (double)command_run(jq, printed, NULL).wall_ns;
        took[round] = follow(plasmite, program, NULL);
        row_ratio(ROW_FILTER_JQ, took[round] / by_jq);
    }
    double each = median(took, count) / FILTERED;
    row_about(ROW_FILTER_JQ, "%.0f ns a message; %s", each, version);
    unlink(printed);
}

void bench_filter(void) {
    char *plasmite = (char *)required_env("PLASMITE_BENCH_CLI");
    if (access(plasmite, X_OK) != 0) {
        for (int row = ROW_FILTER_ALL; row <= ROW_FILTER_JQ; row++)
            row_not_run((enum row)row, "target/release/plasmite is missing; run make first");
        return;
    }
    pin_to(0);
    plsm_pool_t *pool = pool_create("filtered", 256 * MIB); // holds them all
    fill_pool(pool, FILTERED);
    against_none(plasmite, pool, ROW_FILTER_ALL, ".data.count >= 0", FILTERED);
    against_none(plasmite, pool, ROW_FILTER_NONE, ".data.count < 0", 0);
    against_none(plasmite, pool, ROW_FILTER_TEST, ".data.sensor | test(\"-[0-9]+$\")", FILTERED);
    plsm_pool_free(pool);
    against_jq(plasmite);
    pool_delete("filtered");
}
