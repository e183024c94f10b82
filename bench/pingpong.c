// Ping-pong between two processes on two CPUs: bare futexes (X), two pools with sleeping waits, two with spinning waits.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

#define TRIPS 8000u // round trips a round
#define SPIN_US 2000u

struct words {
    _Alignas(64) atomic_uint ping;
    _Alignas(64) atomic_uint pong;
};

static void futex_post(atomic_uint *word, unsigned value) {
    atomic_store(word, value);
    if (syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0) < 0) die("futex wake failed");
}

static void futex_await(atomic_uint *word, unsigned value) {
    for (;;) {
        unsigned seen = atomic_load(word);
        if (seen == value) return;
        if (syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0) < 0 && errno != EAGAIN && errno != EINTR) die("futex wait failed");
    }
}

// One side of a pair of pools: writes into one, waits on the other.
struct side {
    plsm_pool_t *out, *in;
    plsm_stream_t *stream;
};

static struct side side_open(const char *out, const char *in, uint32_t spin_us) {
    struct side side = {.out = pool_open(out), .in = pool_open(in)};
    side.stream = stream_from(side.in, 1, spin_us);
    return side;
}

static void side_send(const struct side *side, uint64_t number) {
    const plsm_bytes_t *text = &standard_messages()->text[number % MESSAGES];
    plsm_error_t *error = NULL;
    if (plsm_pool_append(side->out, text->data, text->len, NULL, NULL, &error) != 0) die_of(error, "append");
}

static void side_receive(const struct side *side, uint64_t seq) {
    plsm_view_t view;
    stream_message(side->stream, &view);
    if (view.seq != seq) die("ping-pong out of step: seq %llu, not %llu", (unsigned long long)view.seq, (unsigned long long)seq);
}

// The other process: answers everything, in the same order of phases.
static void answer(void *argument) {
    struct words *words = argument;
    struct side blocking = side_open("pong", "ping", 0), spinning = side_open("spin-pong", "spin-ping", SPIN_US);
    uint64_t total = (uint64_t)rounds * TRIPS;
    for (uint64_t from = 0; from < total; from += TRIPS) {
        for (uint64_t i = from + 1; i <= from + TRIPS; i++) {
            futex_await(&words->ping, (unsigned)i);
            futex_post(&words->pong, (unsigned)i);
        }
        for (uint64_t i = from + 1; i <= from + TRIPS; i++) {
            side_receive(&blocking, i);
            side_send(&blocking, i);
        }
        for (uint64_t i = from + 1; i <= from + TRIPS; i++) {
            side_receive(&spinning, i);
            side_send(&spinning, i);
        }
    }
}

static void pool_trips(const struct side *side, uint64_t from, uint64_t *samples) {
    for (uint64_t i = from + 1; i <= from + TRIPS; i++) {
        uint64_t start = now_ns();
        side_send(side, i);
        side_receive(side, i);
        samples[i - from - 1] = now_ns() - start;
    }
}

static void futex_trips(struct words *words, uint64_t from, uint64_t *samples) {
    for (uint64_t i = from + 1; i <= from + TRIPS; i++) {
        uint64_t start = now_ns();
        futex_post(&words->ping, (unsigned)i);
        futex_await(&words->pong, (unsigned)i);
        samples[i - from - 1] = now_ns() - start;
    }
}

void bench_pingpong(void) {
    static const char *const names[] = {"ping", "pong", "spin-ping", "spin-pong"};
    if (cpu_count() < 2) {
        for (int row = ROW_PING_P50; row <= ROW_SPIN_P50; row++) row_not_run((enum row)row, "needs two CPUs");
        return;
    }
    for (int i = 0; i < 4; i++) plsm_pool_free(pool_create(names[i], POOL_SIZE));
    struct words *words = shared_memory(sizeof *words);
    standard_messages();
    pid_t child = child_start(1, answer, words);
    pin_to(0);
    struct side blocking = side_open("ping", "pong", 0), spinning = side_open("spin-ping", "spin-pong", SPIN_US);
    uint64_t *samples = malloc(TRIPS * sizeof *samples);
    if (samples == NULL) die("out of memory");
    double one_way[5][rounds]; // microseconds: X p50, X p99, blocking p50, blocking p99, spinning p50
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t from = (uint64_t)round * TRIPS;
        futex_trips(words, from, samples);
        one_way[0][round] = (double)percentile(samples, TRIPS, 0.5) / 2000;
        one_way[1][round] = (double)percentile(samples, TRIPS, 0.99) / 2000;
        pool_trips(&blocking, from, samples);
        one_way[2][round] = (double)percentile(samples, TRIPS, 0.5) / 2000;
        one_way[3][round] = (double)percentile(samples, TRIPS, 0.99) / 2000;
        pool_trips(&spinning, from, samples);
        one_way[4][round] = (double)percentile(samples, TRIPS, 0.5) / 2000;
        row_ratio(ROW_PING_P50, one_way[2][round] / one_way[0][round]);
        row_ratio(ROW_PING_P99, one_way[3][round] / one_way[1][round]);
        row_ratio(ROW_SPIN_P50, one_way[4][round] / one_way[0][round]);
    }
    child_join(child);
    row_about(ROW_PING_P50, "%.1f us one way, X %.1f us", median(one_way[2], rounds), median(one_way[0], rounds));
    row_about(ROW_PING_P99, "%.1f us one way, X %.1f us", median(one_way[3], rounds), median(one_way[1], rounds));
    row_about(ROW_SPIN_P50, "%.2f us one way", median(one_way[4], rounds));
    plsm_stream_free(blocking.stream);
    plsm_stream_free(spinning.stream);
    for (int i = 0; i < 4; i++) pool_delete(names[i]);
}
