// worker.c: a worker of the soak: worker ROLE DIR POOL WRITER SPREAD N. ROLE is write, batch, reserve or read.
//
// What it did goes to standard output, a line each: "r" when it begins; "a N SEQ COUNT BEGIN END" after an append of the
// messages from N on, with moments of the monotonic clock; "m SEQ TEXT" and "g FIRST LAST OLDEST" of a reader, with the
// oldest seq that the pool has after the gap, 0 if none. SIGUSR1: forks a child that appends under a number of its own;
// "f" when it has ended. SIGUSR2: starts itself anew with the next message, and so says "r" again.
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plasmite.h"

enum { LONGEST = 4000, BATCH = 3, OF_CHILDREN = 1000000 };

static volatile sig_atomic_t fork_wanted, exec_wanted;

static void wanted(int signal) {
    if (signal == SIGUSR1) fork_wanted = 1;
    else exec_wanted = 1;
}

static void say(const char *format, ...) {
    char line[LONGEST + 100];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    // Whole or not at all: it is shorter than what a pipe takes at once.
    if (write(1, line, (size_t)len) != len) _exit(0);
}

static void check(int ok, const char *what, plsm_error_t *err) {
    if (ok) return;
    fprintf(stderr, "worker: %s: %s\n", what, err ? err->message : "");
    _exit(3);
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint32_t next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static size_t message(char *text, uint64_t writer, uint64_t n, uint64_t spread) {
    uint32_t state = (uint32_t)writer * 0x9e3779b1u + (uint32_t)n * 0x85ebca77u;
    size_t len = 30 + next(&state) % spread;
    size_t at = (size_t)sprintf(text, "{\"w\":%" PRIu64 ",\"n\":%" PRIu64 ",\"p\":\"", writer, n);
    while (at < len) text[at++] = (char)('a' + next(&state) % 26);
    memcpy(text + at, "\"}", 2);
    return at + 2;
}

static plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;

static void one(plsm_pool_t *pool, uint64_t writer, uint64_t n, uint64_t spread) {
    char text[LONGEST];
    size_t len = message(text, writer, n, spread);
    plsm_error_t *err = NULL;
    plsm_receipt_t receipt;
    uint64_t begin = now();
    check(plsm_pool_append(pool, (uint8_t *)text, len, &options, &receipt, &err) == 0, "append", err);
    say("a %" PRIu64 " %" PRIu64 " 1 %" PRIu64 " %" PRIu64 "\n", n, receipt.seq, begin, now());
}

static void batch(plsm_pool_t *pool, uint64_t writer, uint64_t n, uint64_t spread) {
    static char texts[BATCH][LONGEST];
    plsm_batch_item_t items[BATCH];
    plsm_receipt_t receipts[BATCH];
    memset(items, 0, sizeof items);
    for (int at = 0; at < BATCH; at++) {
        items[at].data = (uint8_t *)texts[at];
        items[at].len = message(texts[at], writer, n + (uint64_t)at, spread);
    }
    plsm_error_t *err = NULL;
    uint64_t begin = now();
    check(plsm_pool_append_batch(pool, items, BATCH, &options, receipts, &err) == 0, "append_batch", err);
    say("a %" PRIu64 " %" PRIu64 " %d %" PRIu64 " %" PRIu64 "\n", n, receipts[0].seq, BATCH, begin, now());
}

static void in_place(plsm_pool_t *pool, uint64_t writer, uint64_t n, uint64_t spread) {
    char text[LONGEST];
    size_t len = message(text, writer, n, spread);
    plsm_error_t *err = NULL;
    plsm_buf_t lite3 = {NULL, 0};
    plsm_reservation_t *reservation = NULL;
    plsm_receipt_t receipt;
    uint8_t *payload = NULL;
    check(plsm_lite3_from_json((uint8_t *)text, len, &lite3, &err) == 0, "lite3", err);
    uint64_t begin = now();
    check(plsm_pool_reserve(pool, lite3.len, &options, &reservation, &payload, &err) == 0, "reserve", err);
    memcpy(payload, lite3.data, lite3.len);
    check(plsm_reservation_commit(reservation, &receipt, &err) == 0, "commit", err);
    say("a %" PRIu64 " %" PRIu64 " 1 %" PRIu64 " %" PRIu64 "\n", n, receipt.seq, begin, now());
    plsm_buf_free(&lite3);
}

// The child goes on with the handle, under a number that nobody else has.
static void branch(plsm_pool_t *pool, uint64_t writer, uint64_t spread) {
    fork_wanted = 0;
    pid_t pid = fork();
    if (pid == 0) {
        // Its messages are acknowledged to nobody: they are proven where they are read.
        int nowhere = dup(2);
        dup2(nowhere, 1);
        char text[LONGEST];
        uint64_t own = OF_CHILDREN + (uint64_t)getpid() % 1000000;
        (void)writer;
        for (uint64_t n = 1; n <= 20; n++) {
            plsm_error_t *err = NULL;
            size_t len = message(text, own, n, spread);
            check(plsm_pool_append(pool, (uint8_t *)text, len, &options, NULL, &err) == 0, "append of a child", err);
        }
        _exit(0);
    }
    int status = 0;
    check(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "a child", NULL);
    say("f\n");
}

static void read_for_ever(plsm_pool_t *pool) {
    plsm_error_t *err = NULL;
    plsm_stream_t *stream = NULL;
    plsm_tail_options_t tail = PLSM_TAIL_OPTIONS_INIT;
    tail.gap_policy = PLSM_GAP_EVENT;
    check(plsm_pool_tail(pool, &tail, &stream, &err) == 0, "tail", err);
    say("r\n");
    for (;;) {
        plsm_view_t view;
        int code = plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err);
        if (code == PLSM_NEXT_GAP) {
            plsm_gap_t gap;
            plsm_bounds_t bounds;
            check(plsm_stream_gap(stream, &gap, &err) == 0, "gap", err);
            check(plsm_pool_bounds(pool, &bounds, &err) == 0, "bounds", err);
            say("g %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", gap.first, gap.last, bounds.oldest);
            continue;
        }
        check(code == PLSM_NEXT_MESSAGE, "next", err);
        char text[LONGEST];
        size_t len;
        check(plsm_view_write_json(&view, PLSM_PART_DATA, (uint8_t *)text, sizeof text, &len, &err) == 1, "json", err);
        say("m %" PRIu64 " %.*s\n", view.seq, (int)len, text);
    }
}

int main(int argc, char **argv) {
    if (argc != 7) return fprintf(stderr, "usage: worker ROLE DIR POOL WRITER SPREAD N\n"), 2;
    const char *role = argv[1];
    uint64_t writer = strtoull(argv[4], NULL, 10), spread = strtoull(argv[5], NULL, 10), n = strtoull(argv[6], NULL, 10);
    options.has_lock_wait = 1;
    options.lock_wait_ms = PLSM_WAIT_FOREVER;
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL;
    check(plsm_client_new(argv[2], &client, &err) == 0, "client", err);
    check(plsm_pool_open(client, argv[3], &pool, &err) == 0, "open", err);
    if (strcmp(role, "read") == 0) read_for_ever(pool);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = wanted;
    action.sa_flags = SA_RESTART;
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    sigprocmask(SIG_UNBLOCK, &action.sa_mask, NULL);
    say("r\n");
    for (;;) {
        if (strcmp(role, "batch") == 0) batch(pool, writer, n, spread), n += BATCH;
        else if (strcmp(role, "reserve") == 0) in_place(pool, writer, n++, spread);
        else one(pool, writer, n++, spread);
        if (fork_wanted) branch(pool, writer, spread);
        if (exec_wanted) {
            char at[24];
            snprintf(at, sizeof at, "%" PRIu64, n);
            argv[6] = at;
            // Signals wait until there is a handler again.
            sigprocmask(SIG_BLOCK, &action.sa_mask, NULL);
            execv(argv[0], argv);
            check(0, "exec", NULL);
        }
    }
}
