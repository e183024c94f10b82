// One writer with 1,000 idle stream handles and 100 threads blocked for a much later seq, against the writer alone.
#include <pthread.h>

#include "benches.h"
#include "pools.h"
#include "result.h"

#define COUNT 200000u // messages a measurement
#define IDLE 1000u
#define BLOCKED 100u
#define MUCH_LATER (1ull << 40)

struct blocked {
    pthread_t thread;
    plsm_stream_t *stream;
    atomic_uint *about_to_wait;
    int outcome;
};

static void *wait_much_later(void *argument) {
    struct blocked *blocked = argument;
    plsm_view_t view;
    plsm_error_t *error = NULL;
    unpin();
    atomic_fetch_add(blocked->about_to_wait, 1);
    blocked->outcome = plsm_stream_next_view(blocked->stream, PLSM_WAIT_FOREVER, &view, &error);
    if (blocked->outcome == PLSM_NEXT_ERROR) die_of(error, "wait");
    return NULL;
}

static uint64_t append_among_waiters(plsm_pool_t *pool) {
    static plsm_stream_t *idle[IDLE];
    static struct blocked blocked[BLOCKED];
    atomic_uint about_to_wait = 0;
    for (unsigned i = 0; i < IDLE; i++) idle[i] = stream_from(pool, 0, 0);
    for (unsigned i = 0; i < BLOCKED; i++) {
        blocked[i].stream = stream_from(pool, MUCH_LATER, 0);
        blocked[i].about_to_wait = &about_to_wait;
        if (pthread_create(&blocked[i].thread, NULL, wait_much_later, &blocked[i]) != 0) die("cannot start a thread");
    }
    while (atomic_load(&about_to_wait) < BLOCKED) sleep_ns(MS);
    sleep_ns(10 * MS); // from there into the wait
    uint64_t took = append_messages(pool, 0, COUNT);
    for (unsigned i = 0; i < BLOCKED; i++) plsm_stream_cancel(blocked[i].stream);
    for (unsigned i = 0; i < BLOCKED; i++) {
        pthread_join(blocked[i].thread, NULL);
        if (blocked[i].outcome != PLSM_NEXT_CANCELLED) die("a waiting thread ended with %d, not cancelled", blocked[i].outcome);
        plsm_stream_free(blocked[i].stream);
    }
    for (unsigned i = 0; i < IDLE; i++) plsm_stream_free(idle[i]);
    return took;
}

void bench_waiters(void) {
    pin_to(0);
    plsm_pool_t *pool = pool_create("waiters", POOL_SIZE);
    append_messages(pool, 0, 512000);
    double rate[rounds];
    for (unsigned round = 0; round < rounds; round++) {
        double alone = (double)append_messages(pool, 0, COUNT);
        double among = (double)append_among_waiters(pool);
        rate[round] = COUNT * 1e3 / among;
        row_ratio(ROW_WITH_WAITERS, alone / among);
    }
    row_about(ROW_WITH_WAITERS, "%.2f M/s", median(rate, rounds));
    plsm_pool_free(pool);
    pool_delete("waiters");
}
