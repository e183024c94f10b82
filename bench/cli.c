// The command line over whole streams, against jq -c . over the same text.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "benches.h"
#include "command.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

#define FED_LINES 200000u
#define READ_MESSAGES 400000u
#define CLI_ROUNDS 5u // at most; one takes seconds

static unsigned cli_rounds(void) {
    return rounds < CLI_ROUNDS ? rounds : CLI_ROUNDS;
}

static void bench_feed(char *plasmite, const char *jq_version) {
    char *lines = scratch_path("lines.jsonl");
    write_lines(lines, FED_LINES);
    plsm_pool_t *pool = pool_create("fed", POOL_SIZE);
    char *feed[] = {plasmite, "--dir", (char *)scratch_dir(), "feed", "fed", NULL}, *jq[] = {"jq", "-c", ".", NULL};
    double took[CLI_ROUNDS];
    command_run(feed, lines, NULL);
    for (unsigned round = 0; round < cli_rounds(); round++) {
        double by_jq = (double)command_run(jq, lines, NULL).wall_ns;
        took[round] = (double)command_run(feed, lines, NULL).wall_ns;
        row_ratio(ROW_CLI_FEED, took[round] / by_jq);
    }
    uint64_t fed = pool_bounds(pool).newest, expected = (uint64_t)FED_LINES * (cli_rounds() + 1);
    if (fed != expected) die("fed %llu messages, not %llu", (unsigned long long)fed, (unsigned long long)expected);
    double seconds = median(took, cli_rounds()) / 1e9;
    row_about(ROW_CLI_FEED, "%.2f s, %.2f M lines/s; %s", seconds, FED_LINES / seconds / 1e6, jq_version);
    plsm_pool_free(pool);
    pool_delete("fed");
    unlink(lines);
}

static void expect_lines(const char *path, unsigned long expected) {
    FILE *file = fopen(path, "r");
    if (file == NULL) die("cannot read %s", path);
    static char chunk[1 << 16];
    unsigned long lines = 0;
    for (size_t got; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        for (size_t i = 0; i < got; i++) lines += chunk[i] == '\n';
    fclose(file);
    if (lines != expected) die("follow printed %lu lines, not %lu", lines, expected);
}

static void bench_read(char *plasmite, const char *jq_version) {
    char *printed = scratch_path("printed.jsonl");
    plsm_pool_t *pool = pool_create("read", 256 * MIB); // holds them all
    fill_pool(pool, READ_MESSAGES);
    plsm_pool_free(pool);
    char *follow[] = {plasmite, "--dir", (char *)scratch_dir(), "follow", "read", "--no-follow", "--jsonl", NULL};
    char *jq[] = {"jq", "-c", ".", NULL};
    double took[CLI_ROUNDS];
    command_run(follow, NULL, printed);
    expect_lines(printed, READ_MESSAGES);
    for (unsigned round = 0; round < cli_rounds(); round++) {
        double by_jq = (double)command_run(jq, printed, NULL).wall_ns;
        took[round] = (double)command_run(follow, NULL, NULL).wall_ns;
        row_ratio(ROW_CLI_READ, took[round] / by_jq);
    }
    double seconds = median(took, cli_rounds()) / 1e9;
    row_about(ROW_CLI_READ, "%.2f s, %.2f M lines/s; %s", seconds, READ_MESSAGES / seconds / 1e6, jq_version);
    pool_delete("read");
    unlink(printed);
}

void bench_cli(void) {
    char *plasmite = (char *)required_env("PLASMITE_BENCH_CLI"), version[64];
    char *ask[] = {"jq", "--version", NULL};
    const char *missing = NULL;
    if (access(plasmite, X_OK) != 0) missing = "target/release/plasmite is missing; run make first";
    else if (!command_first_line(ask, version, sizeof version)) missing = "needs jq 1.6 or later: install it (apt-get install jq, brew install jq)";
    if (missing != NULL) {
        row_not_run(ROW_CLI_FEED, "%s", missing);
        row_not_run(ROW_CLI_READ, "%s", missing);
        return;
    }
    bench_feed(plasmite, version);
    bench_read(plasmite, version);
}
