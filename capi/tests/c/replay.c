// Replay: due times from the times of messages, own sleeping, limits, cancelling.
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <time.h>

#include "check.h"

#define MS UINT64_C(1000000)

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static plsm_replay_t *replay_of(double speed) {
    plsm_error_t *err = NULL;
    plsm_replay_t *replay = NULL;
    OK(plsm_replay_new(speed, &replay, &err));
    return replay;
}

static uint64_t schedule(plsm_replay_t *replay, uint64_t time_ns) {
    plsm_error_t *err = NULL;
    uint64_t wait_ns = UINT64_MAX;
    OK(plsm_replay_schedule(replay, time_ns, &wait_ns, &err));
    return wait_ns;
}

static uint64_t left(plsm_replay_t *replay) {
    plsm_error_t *err = NULL;
    uint64_t wait_ns = UINT64_MAX;
    OK(plsm_replay_left(replay, &wait_ns, &err));
    return wait_ns;
}

// The messages of a pool, with a tag filter, at twice their speed.
static void from_a_stream(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("film", 1 << 20);
    const plsm_bytes_t shown = {(const uint8_t *)"shown", 5};
    for (uint64_t i = 0; i < 6; i++) {
        plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
        options.has_timestamp = 1;
        options.timestamp_ns = UINT64_C(1700000000000000000) + i * 20 * MS;
        options.tags = &shown;
        options.tags_len = i % 2 == 0; // 0, 40 and 80 ms
        OK(plsm_pool_append(pool, (const uint8_t *)"1", 1, &options, NULL, &err));
    }
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.flags = PLSM_TAIL_SNAPSHOT;
    options.tags = &shown;
    options.tags_len = 1;
    plsm_stream_t *stream = NULL;
    OK(plsm_pool_tail(pool, &options, &stream, &err));
    plsm_replay_t *replay = replay_of(2);
    uint64_t start = 0, seqs = 0;
    plsm_view_t view;
    while (plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err) == PLSM_NEXT_MESSAGE) {
        if (start == 0) start = now_ns();
        OK(plsm_replay_schedule(replay, view.timestamp_ns, NULL, &err));
        GIVES(PLSM_NEXT_MESSAGE, plsm_replay_wait(replay, PLSM_WAIT_FOREVER, &err));
        CHECK(now_ns() - start >= (view.seq - 1) * 10 * MS);
        seqs = seqs * 10 + view.seq;
    }
    CHECK(seqs == 135);
    plsm_replay_free(replay);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

static void own_sleep(void) {
    plsm_error_t *err = NULL;
    plsm_replay_t *replay = replay_of(1);
    CHECK(left(replay) == 0);
    CHECK(schedule(replay, 5000 * MS) == 0);
    CHECK(schedule(replay, 4000 * MS) == 0);
    uint64_t first = schedule(replay, 4000 * MS + 3600 * 1000 * MS);
    CHECK(first <= 3600 * 1000 * MS && first > 3500 * 1000 * MS);
    CHECK(left(replay) <= first);
    GIVES(PLSM_NEXT_TIMEOUT, plsm_replay_wait(replay, 0, &err));
    uint64_t start = now_ns();
    GIVES(PLSM_NEXT_TIMEOUT, plsm_replay_wait(replay, 20, &err));
    CHECK(now_ns() - start >= 20 * MS);
    plsm_replay_free(replay);
    // Without gaps.
    replay = replay_of(0);
    CHECK(schedule(replay, 1) == 0 && schedule(replay, UINT64_MAX) == 0);
    GIVES(PLSM_NEXT_MESSAGE, plsm_replay_wait(replay, PLSM_WAIT_FOREVER, &err));
    plsm_replay_free(replay);
}

static void *wait_for_ever(void *replay) {
    static int answer;
    answer = plsm_replay_wait(replay, PLSM_WAIT_FOREVER, NULL);
    return &answer;
}

static void cancelling(void) {
    plsm_error_t *err = NULL;
    plsm_replay_t *replay = replay_of(1);
    schedule(replay, 0);
    schedule(replay, UINT64_MAX);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_for_ever, replay) == 0);
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    plsm_replay_cancel(replay);
    void *answer;
    CHECK(pthread_join(thread, &answer) == 0);
    CHECK(*(int *)answer == PLSM_NEXT_CANCELLED);
    GIVES(PLSM_NEXT_CANCELLED, plsm_replay_wait(replay, PLSM_WAIT_FOREVER, &err));
    plsm_replay_reset_cancel(replay);
    GIVES(PLSM_NEXT_TIMEOUT, plsm_replay_wait(replay, 1, &err));
    plsm_replay_free(replay);
}

static void misuse(void) {
    plsm_error_t *err = NULL;
    const double bad[] = {-1, -0.001, (double)NAN, (double)INFINITY, (double)-INFINITY};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        plsm_replay_t *replay = NULL;
        FAILS(PLSM_ERROR_USAGE, plsm_replay_new(bad[i], &replay, &err));
        CHECK(replay == NULL);
    }
    FAILS(PLSM_ERROR_USAGE, plsm_replay_new(1, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_replay_schedule(NULL, 1, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_replay_wait(NULL, 1, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_replay_schedule((plsm_replay_t *)scratch_client(), 1, NULL, &err));
    plsm_replay_t *replay = replay_of(1);
    FAILS(PLSM_ERROR_USAGE, plsm_replay_left(replay, NULL, &err));
    plsm_replay_free(replay);
    plsm_replay_cancel(NULL);
    plsm_replay_reset_cancel(NULL);
    plsm_replay_free(NULL);
}

int main(void) {
    from_a_stream();
    own_sleep();
    cancelling();
    misuse();
    return finish("replay");
}
