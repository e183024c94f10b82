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

#define TRIPS 8000u        // round trips a round
#define SLEEPY_TRIPS 1000u // of those after a pause
#define PAUSE_NS 100000u   // longer than a reader lingers before it sleeps
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

// Keeps the CPU busy so long, while the other side falls asleep.
static void hold(uint64_t ns) {
    for (uint64_t start = now_ns(); ns != 0 && now_ns() - start < ns;) {
    }
}

// What the two processes do `trips` times: number `first` and on, each side pausing for `pause_ns` before it speaks.
struct phase {
    uint64_t first, trips, pause_ns;
};

static void answer_words(struct words *words, struct phase phase) {
    for (uint64_t i = phase.first; i < phase.first + phase.trips; i++) {
        futex_await(&words->ping, (unsigned)i);
        hold(phase.pause_ns);
        futex_post(&words->pong, (unsigned)i);
    }
}

static void answer_side(const struct side *side, struct phase phase) {
    for (uint64_t i = phase.first; i < phase.first + phase.trips; i++) {
        side_receive(side, i);
        hold(phase.pause_ns);
        side_send(side, i);
    }
}

// Nanoseconds of each round trip, without the answerer's pause.
static void ask_words(struct words *words, struct phase phase, uint64_t *samples) {
    for (uint64_t i = phase.first; i < phase.first + phase.trips; i++) {
        hold(phase.pause_ns);
        uint64_t start = now_ns();
        futex_post(&words->ping, (unsigned)i);
        futex_await(&words->pong, (unsigned)i);
        *samples++ = now_ns() - start - phase.pause_ns;
    }
}

static void ask_side(const struct side *side, struct phase phase, uint64_t *samples) {
    for (uint64_t i = phase.first; i < phase.first + phase.trips; i++) {
        hold(phase.pause_ns);
        uint64_t start = now_ns();
        side_send(side, i);
        side_receive(side, i);
        *samples++ = now_ns() - start - phase.pause_ns;
    }
}

// The phases of a round, in the order in which both processes go through them.
static struct phase quick_phase(unsigned round) {
    return (struct phase){.first = 1 + (uint64_t)round * (TRIPS + SLEEPY_TRIPS), .trips = TRIPS};
}
static struct phase sleepy_phase(unsigned round) {
    return (struct phase){.first = 1 + TRIPS + (uint64_t)round * (TRIPS + SLEEPY_TRIPS), .trips = SLEEPY_TRIPS, .pause_ns = PAUSE_NS};
}
static struct phase spin_phase(unsigned round) {
    return (struct phase){.first = 1 + (uint64_t)round * TRIPS, .trips = TRIPS};
}

static void answer(void *argument) {
    struct words *words = argument;
    struct side blocking = side_open("pong", "ping", 0), spinning = side_open("spin-pong", "spin-ping", SPIN_US);
    for (unsigned round = 0; round < rounds; round++) {
        answer_words(words, quick_phase(round));
        answer_side(&blocking, quick_phase(round));
        answer_side(&spinning, spin_phase(round));
        answer_words(words, sleepy_phase(round));
        answer_side(&blocking, sleepy_phase(round));
    }
}

static double one_way_us(uint64_t *samples, size_t count, double share) {
    return (double)percentile(samples, count, share) / 2000;
}

void bench_pingpong(void) {
    static const char *const names[] = {"ping", "pong", "spin-ping", "spin-pong"};
    if (cpu_count() < 2) {
        for (int row = ROW_PING_P50; row <= ROW_WAKE_P50; row++) row_not_run((enum row)row, "needs two CPUs");
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
    // Microseconds one way. Quick: X p50, X p99, blocking p50, blocking p99, spinning p50; after a pause: X p50, blocking p50.
    double one_way[7][rounds];
    for (unsigned round = 0; round < rounds; round++) {
        ask_words(words, quick_phase(round), samples);
        one_way[0][round] = one_way_us(samples, TRIPS, 0.5);
        one_way[1][round] = one_way_us(samples, TRIPS, 0.99);
        ask_side(&blocking, quick_phase(round), samples);
        one_way[2][round] = one_way_us(samples, TRIPS, 0.5);
        one_way[3][round] = one_way_us(samples, TRIPS, 0.99);
        ask_side(&spinning, spin_phase(round), samples);
        one_way[4][round] = one_way_us(samples, TRIPS, 0.5);
        ask_words(words, sleepy_phase(round), samples);
        one_way[5][round] = one_way_us(samples, SLEEPY_TRIPS, 0.5);
        ask_side(&blocking, sleepy_phase(round), samples);
        one_way[6][round] = one_way_us(samples, SLEEPY_TRIPS, 0.5);
        row_ratio(ROW_PING_P50, one_way[2][round] / one_way[0][round]);
        row_ratio(ROW_PING_P99, one_way[3][round] / one_way[1][round]);
        row_ratio(ROW_SPIN_P50, one_way[4][round] / one_way[0][round]);
        row_ratio(ROW_WAKE_P50, one_way[6][round] / one_way[5][round]);
    }
    child_join(child);
    row_about(ROW_PING_P50, "%.1f us one way, X %.1f us", median(one_way[2], rounds), median(one_way[0], rounds));
    row_about(ROW_PING_P99, "%.1f us one way, X %.1f us", median(one_way[3], rounds), median(one_way[1], rounds));
    row_about(ROW_SPIN_P50, "%.2f us one way", median(one_way[4], rounds));
    row_about(ROW_WAKE_P50, "%.1f us one way, X %.1f us", median(one_way[6], rounds), median(one_way[5], rounds));
    plsm_stream_free(blocking.stream);
    plsm_stream_free(spinning.stream);
    for (int i = 0; i < 4; i++) pool_delete(names[i]);
}
