// worker.c: a worker of the soak: worker ROLE DIR POOL WRITER SPREAD N. ROLE is write, batch, reserve or read.
//
// What it did goes to standard output, a line each: "r" when it begins; "a N SEQ COUNT BEGIN END" after an append of the
// messages from N on, with moments of the monotonic clock; "m SEQ TEXT" and "g FIRST LAST OLDEST" of a reader, with the
// oldest seq that the pool has after the gap, 0 if none. SIGUSR1: forks a child that goes on with the same handle beside
// its parent for a while: it appends under a number of its own, or reads from a stream of its own. What it says begins
// with "c NUMBER"; its parent says "f" when it has ended well. SIGUSR2: starts itself anew, a writer with the next
// message, a reader with the oldest, and so says "r" again.
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

enum { LONGEST = 4000, BATCH = 3, OF_CHILDREN = 1000000, TURNS = 50 };

static volatile sig_atomic_t fork_wanted, exec_wanted;

static void wanted(int signal) {
    if (signal == SIGUSR1) fork_wanted = 1;
    else exec_wanted = 1;
}

// A child's number; 0 in its parent.
static uint64_t own_number;

static void say(const char *format, ...) {
    char line[LONGEST + 100];
    int len = own_number ? snprintf(line, sizeof line, "c %" PRIu64 " ", own_number) : 0;
    va_list arguments;
    va_start(arguments, format);
    len += vsnprintf(line + len, sizeof line - (size_t)len, format, arguments);
    va_end(arguments);
    // Whole or not at all, and not among what a child says: it is shorter than what a pipe takes at once.
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

// Appends; gives the number of the message after.
static uint64_t append(plsm_pool_t *pool, const char *role, uint64_t writer, uint64_t n, uint64_t spread) {
    if (strcmp(role, "batch") == 0) return batch(pool, writer, n, spread), n + BATCH;
    if (strcmp(role, "reserve") == 0) in_place(pool, writer, n, spread);
    else one(pool, writer, n, spread);
    return n + 1;
}

// Whether there may be children; before starting anew there may have been.
static int children = 1;

// Takes note of children that have ended, and waits for none.
static void reap(void) {
    while (children) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid == 0) return;
        if (pid < 0) children = 0;
        else check(status == 0, "a child", NULL), say("f\n");
    }
}

// 1 in a child, which has a number that nobody else has.
static int branch(void) {
    fork_wanted = 0;
    pid_t pid = fork();
    check(pid >= 0, "fork", NULL);
    children = 1;
    if (pid == 0) own_number = OF_CHILDREN + (uint64_t)getpid();
    return pid == 0;
}

static char **words;

static void start_anew(uint64_t n) {
    char at[24];
    snprintf(at, sizeof at, "%" PRIu64, n);
    words[6] = at;
    execv(words[0], words);
    check(0, "exec", NULL);
}

static plsm_stream_t *follow(plsm_pool_t *pool) {
    plsm_error_t *err = NULL;
    plsm_stream_t *stream = NULL;
    plsm_tail_options_t tail = PLSM_TAIL_OPTIONS_INIT;
    tail.gap_policy = PLSM_GAP_EVENT;
    check(plsm_pool_tail(pool, &tail, &stream, &err) == 0, "tail", err);
    return stream;
}

// Tells of one message or gap; 0 when none came in time.
static int read_one(plsm_pool_t *pool, plsm_stream_t *stream, uint64_t wait) {
    plsm_error_t *err = NULL;
    plsm_view_t view;
    int code = plsm_stream_next_view(stream, wait, &view, &err);
    if (code == PLSM_NEXT_TIMEOUT) return 0;
    if (code == PLSM_NEXT_GAP) {
        plsm_gap_t gap;
        plsm_bounds_t bounds;
        check(plsm_stream_gap(stream, &gap, &err) == 0, "gap", err);
        check(plsm_pool_bounds(pool, &bounds, &err) == 0, "bounds", err);
        say("g %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", gap.first, gap.last, bounds.oldest);
        return 1;
    }
    check(code == PLSM_NEXT_MESSAGE, "next", err);
    char text[LONGEST];
    size_t len;
    check(plsm_view_write_json(&view, PLSM_PART_DATA, (uint8_t *)text, sizeof text, &len, &err) == 1, "json", err);
    say("m %" PRIu64 " %.*s\n", view.seq, (int)len, text);
    return 1;
}

static void read_for_ever(plsm_pool_t *pool) {
    plsm_stream_t *stream = follow(pool);
    say("r\n");
    for (;;) {
        read_one(pool, stream, PLSM_WAIT_FOREVER);
        reap();
        if (fork_wanted && branch()) {
            // The parent reads on from its stream, which is not for a child.
            plsm_stream_t *own = follow(pool);
            for (int turn = 0; turn < TURNS && read_one(pool, own, 200); turn++) continue;
            plsm_stream_free(own);
            _exit(0);
        }
        if (exec_wanted) start_anew(1);
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
    words = argv;
    // The program that runs us asks for one thing after the other: there is a handler when a signal comes.
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = wanted;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    if (strcmp(role, "read") == 0) read_for_ever(pool);
    say("r\n");
    for (;;) {
        n = append(pool, role, writer, n, spread);
        reap();
        if (fork_wanted && branch()) {
            uint64_t own = 1;
            for (int turn = 0; turn < TURNS; turn++) own = append(pool, role, own_number, own, spread);
            _exit(0);
        }
        if (exec_wanted) start_anew(n);
    }
}
