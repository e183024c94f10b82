// streams_old.c: streams as every build of the library has them.
#include "check.h"

#include <pthread.h>
#include <time.h>

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// The next message must be this seq.
static void next_is(plsm_stream_t *stream, uint64_t seq) {
    plsm_error_t *err = NULL;
    plsm_buf_t json = {NULL, 0};
    char start[40];
    YES(plsm_stream_next(stream, &json, &err));
    snprintf(start, sizeof start, "{\"seq\":%" PRIu64 ",", seq);
    CHECK(json.data && json.len > strlen(start) && memcmp(json.data, start, strlen(start)) == 0);
    plsm_buf_free(&json);
}

static void ended(plsm_stream_t *stream) {
    plsm_error_t *err = NULL;
    for (int i = 0; i < 3; i++) {
        plsm_buf_t json = {(uint8_t *)1, 2};
        NO(plsm_stream_next(stream, &json, &err));
        CHECK(json.data == (uint8_t *)1 && json.len == 2);
    }
}

static plsm_stream_t *open_ex(plsm_pool_t *pool, uint32_t gap, int64_t since, int64_t max, int64_t timeout) {
    plsm_error_t *err = NULL;
    plsm_stream_options_t options = PLSM_STREAM_OPTIONS_INIT;
    plsm_stream_t *stream = NULL;
    options.gap_policy = gap;
    options.has_since = since >= 0;
    options.since_seq = (uint64_t)since;
    options.has_max = max >= 0;
    options.max_messages = (uint64_t)max;
    options.has_timeout = timeout >= 0;
    options.timeout_ms = (uint64_t)timeout;
    OK(plsm_stream_open_ex(pool, &options, &stream, &err));
    return stream;
}

static void starts_and_ends(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("starts", 0);
    plsm_stream_t *stream = NULL;
    for (int i = 0; i < 5; i++) append(pool, "{\"i\":0}");

    // The oldest first; after the maximum 0 for ever.
    OK(plsm_stream_open(pool, 0, 0, 3, 7, 0, 0, &stream, &err));
    for (uint64_t seq = 1; seq <= 3; seq++) next_is(stream, seq);
    ended(stream);
    plsm_stream_free(stream);
    OK(plsm_stream_open(pool, 4, 1, 0, 0, 1000000, 1, &stream, &err));
    next_is(stream, 4);
    next_is(stream, 5);
    plsm_stream_free(stream);
    // Nothing is 0 at once.
    stream = open_ex(pool, PLSM_GAP_CONTINUE, -1, 0, -1);
    ended(stream);
    plsm_stream_free(stream);
    stream = open_ex(pool, PLSM_GAP_CONTINUE, -1, -1, 0);
    ended(stream);
    plsm_stream_free(stream);
    // One deadline for the whole stream; past it 0 for ever, even with messages waiting.
    uint64_t start = now_ms();
    stream = open_ex(pool, PLSM_GAP_CONTINUE, 5, -1, 30);
    next_is(stream, 5);
    ended(stream);
    CHECK(now_ms() - start >= 29);
    append(pool, "6");
    ended(stream);
    plsm_stream_free(stream);
    // Since 0 is like 1, also when gaps are errors.
    stream = open_ex(pool, PLSM_GAP_ERROR, 0, 1, -1);
    next_is(stream, 1);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

static void *append_later(void *pool) {
    usleep(20000);
    append((plsm_pool_t *)pool, "\"late\"");
    return NULL;
}

static void waits_for_the_future(void) {
    plsm_pool_t *pool = scratch_pool("future", 0);
    pthread_t thread;
    append(pool, "1");
    plsm_stream_t *stream = open_ex(pool, PLSM_GAP_ERROR, 2, 1, -1);
    CHECK(pthread_create(&thread, NULL, append_later, pool) == 0);
    next_is(stream, 2);
    ended(stream);
    pthread_join(thread, NULL);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

static void gaps(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("gaps", 65536);
    plsm_bounds_t bounds;
    plsm_stream_t *behind = open_ex(pool, PLSM_GAP_ERROR, -1, -1, -1);
    plsm_stream_t *skips = open_ex(pool, PLSM_GAP_CONTINUE, -1, -1, -1);
    append(pool, "1");
    next_is(behind, 1);
    next_is(skips, 1);
    append_filler(pool, 500);
    OK(plsm_pool_bounds(pool, &bounds, &err));

    // Falling behind: the first missing seq, then the end.
    plsm_buf_t json = {NULL, 0};
    FAILS_KEEP(PLSM_ERROR_RETENTION_GAP, plsm_stream_next(behind, &json, &err));
    if (err) {
        char part[40];
        CHECK(err->path == NULL);
        CHECK(err->has_seq && err->seq == 2);
        snprintf(part, sizeof part, "%" PRIu64, bounds.oldest - 1);
        CHECK_HAS(err->message, part);
        snprintf(part, sizeof part, "%" PRIu64, bounds.oldest);
        CHECK_HAS(err->message, part);
    }
    drop_error(&err);
    ended(behind);
    next_is(skips, bounds.oldest);
    next_is(skips, bounds.oldest + 1);
    plsm_stream_free(behind);
    plsm_stream_free(skips);

    // Asked for what is gone.
    plsm_stream_t *since = open_ex(pool, PLSM_GAP_ERROR, 1, -1, -1);
    FAILS_KEEP(PLSM_ERROR_RETENTION_GAP, plsm_stream_next(since, &json, &err));
    if (err) CHECK_U64(err->seq, 1);
    drop_error(&err);
    ended(since);
    plsm_stream_free(since);
    since = open_ex(pool, PLSM_GAP_CONTINUE, 1, -1, -1);
    next_is(since, bounds.oldest);
    plsm_stream_free(since);
    // Without since, older loss is no gap.
    since = open_ex(pool, PLSM_GAP_ERROR, -1, -1, -1);
    next_is(since, bounds.oldest);
    plsm_stream_free(since);
    plsm_pool_free(pool);
}

static void as_lite3(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("lite3", 0);
    append(pool, "{\"a\":1}");
    append(pool, "18446744073709551615");
    append(pool, "{\"a\":3}");
    plsm_lite3_stream_t *stream = NULL;
    plsm_lite3_frame_t frame;
    OK(plsm_lite3_stream_open(pool, 0, 0, 3, 1, 0, 0, &stream, &err));
    YES(plsm_lite3_stream_next(stream, &frame, &err));
    CHECK_U64(frame.seq, 1);
    plsm_lite3_frame_free(&frame);
    // What Lite3 cannot hold is an error of that message alone.
    FAILS_KEEP(PLSM_ERROR_USAGE, plsm_lite3_stream_next(stream, &frame, &err));
    if (err) CHECK(err->has_seq && err->seq == 2);
    drop_error(&err);
    YES(plsm_lite3_stream_next(stream, &frame, &err));
    CHECK_U64(frame.seq, 3);
    plsm_lite3_frame_free(&frame);
    NO(plsm_lite3_stream_next(stream, &frame, &err));
    plsm_lite3_stream_free(stream);

    plsm_stream_options_t options = PLSM_STREAM_OPTIONS_INIT;
    options.has_since = 1;
    options.since_seq = 3;
    options.has_max = 1;
    options.max_messages = 1;
    options.gap_policy = PLSM_GAP_ERROR;
    OK(plsm_lite3_stream_open_ex(pool, &options, &stream, &err));
    YES(plsm_lite3_stream_next(stream, &frame, &err));
    CHECK_U64(frame.seq, 3);
    plsm_lite3_frame_free(&frame);
    NO(plsm_lite3_stream_next(stream, &frame, &err));
    plsm_lite3_stream_free(stream);
    plsm_lite3_stream_free(NULL);
    plsm_stream_free(NULL);
    plsm_pool_free(pool);
}

static void lives_on_alone(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL;
    OK(plsm_client_new(scratch(), &client, &err));
    OK(plsm_pool_create(client, "alone", 0, &pool, &err));
    plsm_client_free(client);
    append(pool, "1");
    append(pool, "2");
    plsm_stream_t *stream = open_ex(pool, PLSM_GAP_CONTINUE, -1, 2, -1);
    plsm_pool_free(pool);
    next_is(stream, 1);
    next_is(stream, 2);
    ended(stream);
    plsm_stream_free(stream);
}

int main(void) {
    starts_and_ends();
    waits_for_the_future();
    gaps();
    as_lite3();
    lives_on_alone();
    return finish("streams_old");
}
