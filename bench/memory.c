// Peak resident memory of feed and follow over a stream, and over one ten times as long.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "benches.h"
#include "command.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

// The pool counts into the resident set as far as it was touched, so it is small and even the short stream laps it.
#define SMALL_POOL MIB
#define SHORT_STREAM 20000u
#define LONG_STREAM (10 * SHORT_STREAM)
#define STEP 200u // messages appended before the follower's output is looked at
#define MEMORY_ROUNDS 3u

static double feed_peak(char *plasmite, unsigned lines) {
    char *input = scratch_path("memory.jsonl");
    write_lines(input, lines);
    plsm_pool_t *pool = pool_create("memory", SMALL_POOL);
    char *feed[] = {plasmite, "--dir", (char *)scratch_dir(), "feed", "memory", NULL};
    struct command_cost cost = command_run(feed, input, NULL);
    if (pool_bounds(pool).newest != lines) die("feed appended %llu of %u", (unsigned long long)pool_bounds(pool).newest, lines);
    plsm_pool_free(pool);
    pool_delete("memory");
    unlink(input);
    return (double)cost.peak_rss_kib;
}

// Reads the follower's lines until `wanted` more have come.
static void await_lines(int from, unsigned wanted) {
    char chunk[1 << 16];
    struct pollfd readable = {.fd = from, .events = POLLIN};
    for (unsigned seen = 0; seen < wanted;) {
        int ready = poll(&readable, 1, 30000);
        if (ready == 0) die("the follower printed nothing for 30 seconds");
        ssize_t got = read(from, chunk, sizeof chunk);
        if (got <= 0) die("the follower's output ended early");
        for (ssize_t i = 0; i < got; i++) seen += chunk[i] == '\n';
    }
}

static double follow_peak(char *plasmite, unsigned messages) {
    plsm_pool_t *pool = pool_create("memory", SMALL_POOL);
    int ends[2], in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0 || pipe2(ends, O_CLOEXEC) != 0) die("cannot make a pipe: %s", strerror(errno));
    char *follow[] = {plasmite, "--dir", (char *)scratch_dir(), "follow", "memory", "--from", "1", "--jsonl", NULL};
    pid_t child = command_start(follow, in, ends[1]);
    close(ends[1]);
    close(in);
    for (unsigned done = 0; done < messages; done += STEP) {
        append_messages(pool, done, STEP);
        await_lines(ends[0], STEP);
    }
    kill(child, SIGINT);
    long peak = command_wait(child, "follow", SIGINT);
    close(ends[0]);
    plsm_pool_free(pool);
    pool_delete("memory");
    return (double)peak;
}

void bench_memory(void) {
    char *plasmite = (char *)required_env("PLASMITE_BENCH_CLI");
    if (access(plasmite, X_OK) != 0) {
        row_not_run(ROW_MEMORY_FEED, "target/release/plasmite is missing; run make first");
        row_not_run(ROW_MEMORY_FOLLOW, "target/release/plasmite is missing; run make first");
        return;
    }
    double feed = 0, follow = 0;
    for (unsigned round = 0; round < MEMORY_ROUNDS; round++) {
        double feed_short = feed_peak(plasmite, SHORT_STREAM), follow_short = follow_peak(plasmite, SHORT_STREAM);
        feed = feed_peak(plasmite, LONG_STREAM);
        follow = follow_peak(plasmite, LONG_STREAM);
        row_ratio(ROW_MEMORY_FEED, feed / feed_short);
        row_ratio(ROW_MEMORY_FOLLOW, follow / follow_short);
    }
    row_about(ROW_MEMORY_FEED, "%.1f MiB for %u lines, 1 MiB pool included", feed / 1024, LONG_STREAM);
    row_about(ROW_MEMORY_FOLLOW, "%.1f MiB for %u messages, 1 MiB pool included", follow / 1024, LONG_STREAM);
}
