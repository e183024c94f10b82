// filter.c: jq filters: compiled, asked for one message, attached to streams.
#include "check.h"

#include <pthread.h>
#include <stddef.h>

static plsm_filter_t *compiled(const char *expression) {
    plsm_error_t *err = NULL;
    plsm_filter_t *filter = NULL;
    OK(plsm_filter_new(expression, strlen(expression), NULL, &filter, &err));
    return filter;
}

static int refused(const char *expression, const plsm_filter_options_t *options, plsm_error_t **err) {
    plsm_filter_t *filter = NULL;
    int code = plsm_filter_new(expression, strlen(expression), options, &filter, err);
    CHECK(filter == NULL);
    return code;
}

static void compiling(void) {
    plsm_error_t *err = NULL;
    CHECK_U64(plsm_has_feature("jq"), 1);
    plsm_filter_free(compiled(".data.status == \"green\""));
    plsm_filter_free(compiled("def f: if . > 3 then . else . + 1 | f end; 0 | f == 4"));
    FAILS_KEEP(PLSM_ERROR_USAGE, refused(".data.x = = 1", NULL, &err));
    CHECK_HAS(err->message, "found `=`, at character 11");
    CHECK_U64(err->offset, 10);
    CHECK(plsm_error_hint(err) != NULL);
    drop_error(&err);
    FAILS_KEEP(PLSM_ERROR_USAGE, refused("true and env.HOME", NULL, &err));
    CHECK_HAS(err->message, "`env` is not available");
    drop_error(&err);

    plsm_filter_options_t options = PLSM_FILTER_OPTIONS_INIT;
    options.flags = PLSM_FILTER_NO_RECURSION;
    FAILS_KEEP(PLSM_ERROR_USAGE, refused("def f: f; f", &options, &err));
    CHECK_HAS(err->message, "calls itself");
    drop_error(&err);
    plsm_filter_t *filter = NULL;
    OK(plsm_filter_new("true", 4, &options, &filter, &err));
    plsm_filter_free(filter);
    filter = NULL;

    FAILS(PLSM_ERROR_USAGE, plsm_filter_new(NULL, 4, NULL, &filter, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_filter_new("true", 4, NULL, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_filter_new("\xff", 1, NULL, &filter, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_filter_new("", 0, NULL, &filter, &err));
    options.flags = 2;
    FAILS(PLSM_ERROR_USAGE, plsm_filter_new("true", 4, &options, &filter, &err));
    options.flags = 0;
    options.struct_size = 4;
    FAILS(PLSM_ERROR_USAGE, plsm_filter_new("true", 4, &options, &filter, &err));
    CHECK(filter == NULL);
    plsm_filter_free(NULL);
}

static int asked(const char *expression, const plsm_view_t *view, plsm_error_t **err) {
    plsm_filter_t *filter = compiled(expression);
    int answer = plsm_filter_matches(filter, view, err);
    plsm_filter_free(filter);
    return answer;
}

static void matching(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("matching", 0);
    append(pool, "{\"status\":\"green\",\"n\":12,\"msg\":\"a timeout\",\"big\":18446744073709551615}");
    plsm_view_t view;
    plsm_message_t *message = NULL;
    OK(plsm_pool_get_message(pool, 1, &message, &err));
    plsm_message_view(message, &view);
    for (int in_place = 0; in_place < 2; in_place++) {
        if (in_place) OK(plsm_pool_get_view(pool, 1, &view, &err));
        YES(asked(".data.status == \"green\"", &view, &err));
        NO(asked(".data.status == \"red\"", &view, &err));
        NO(asked(".data.missing", &view, &err));
        YES(asked(".data.missing == null", &view, &err));
        NO(asked(".data.n.x == 1", &view, &err)); // a number has no members: no match
        YES(asked(".data.big == 18446744073709551615 and .seq == 1", &view, &err));
        YES(asked(".data.msg | test(\"time.ut\")", &view, &err));
        FAILS_KEEP(PLSM_ERROR_USAGE, asked(".data.n", &view, &err));
        CHECK_U64(err->seq, 1);
        CHECK_HAS(err->message, "gives a number at message 1");
        drop_error(&err);
    }
    plsm_filter_options_t options = PLSM_FILTER_OPTIONS_INIT;
    options.max_steps = 1000;
    plsm_filter_t *endless = NULL;
    OK(plsm_filter_new("def f: f; f", 11, &options, &endless, &err));
    FAILS_KEEP(PLSM_ERROR_USAGE, plsm_filter_matches(endless, &view, &err));
    CHECK_HAS(err->message, "took more than 1000 steps at message 1");
    drop_error(&err);
    plsm_filter_free(endless);

    plsm_filter_t *filter = compiled("true");
    plsm_view_t nothing = {0};
    FAILS(PLSM_ERROR_USAGE, plsm_filter_matches(NULL, &view, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_filter_matches(filter, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_filter_matches(filter, &nothing, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_filter_matches((plsm_filter_t *)pool, &view, &err));
    plsm_filter_free(filter);
    plsm_message_free(message);
    plsm_pool_free(pool);
}

// Reads a stream to its end: seqs of messages, `!` before the seq of a failed one, `-` and the first seq of a gap.
static void gives(plsm_pool_t *pool, plsm_tail_options_t options, const char *want, int last) {
    plsm_error_t *err = NULL;
    plsm_stream_t *stream = NULL;
    plsm_view_t view;
    plsm_gap_t gap;
    char got[256] = "";
    int code = PLSM_NEXT_MESSAGE;
    OK(plsm_pool_tail(pool, &options, &stream, &err));
    while (code == PLSM_NEXT_MESSAGE || code == PLSM_NEXT_ERROR || code == PLSM_NEXT_GAP) {
        char *end = got + strlen(got);
        size_t room = (size_t)(got + sizeof got - end);
        code = plsm_stream_next_view(stream, 0, &view, &err);
        if (code == PLSM_NEXT_MESSAGE) snprintf(end, room, "%" PRIu64 " ", view.seq);
        if (code == PLSM_NEXT_ERROR) {
            CHECK_U64(err->kind, PLSM_ERROR_USAGE);
            snprintf(end, room, "!%" PRIu64 " ", err->seq);
            drop_error(&err);
        }
        if (code == PLSM_NEXT_GAP) {
            OK(plsm_stream_gap(stream, &gap, &err));
            snprintf(end, room, "-%" PRIu64 " ", gap.first);
        }
    }
    CHECK_STR(got, want);
    CHECK_U64(code, last);
    plsm_stream_free(stream);
}

static void append_tagged(plsm_pool_t *pool, const char *tag, const char *json) {
    plsm_error_t *err = NULL;
    plsm_bytes_t range = {(const uint8_t *)tag, strlen(tag)};
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.tags = &range;
    options.tags_len = 1;
    OK(plsm_pool_append(pool, (const uint8_t *)json, strlen(json), &options, NULL, &err));
}

static void on_streams(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("on_streams", 0);
    for (int i = 1; i <= 9; i++) {
        char json[32];
        snprintf(json, sizeof json, i == 6 ? "{\"n\":%d,\"bad\":7}" : "{\"n\":%d}", i);
        append_tagged(pool, i % 3 ? "other" : "third", json);
    }
    const plsm_filter_t *filters[2] = {compiled(".data.n % 2 == 1"), compiled(".data.n >= 3")};
    plsm_bytes_t third = {(const uint8_t *)"third", 5};
    for (uint32_t flags = 0; flags <= PLSM_TAIL_IN_PLACE; flags += PLSM_TAIL_IN_PLACE) {
        plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
        options.flags = flags;
        options.filters = filters;
        options.filters_len = 1;
        gives(pool, options, "1 3 5 7 9 ", PLSM_NEXT_TIMEOUT);
        options.filters_len = 2; // all must hold
        gives(pool, options, "3 5 7 9 ", PLSM_NEXT_TIMEOUT);
        options.tags = &third;
        options.tags_len = 1;
        gives(pool, options, "3 9 ", PLSM_NEXT_TIMEOUT);
        options.tags_len = 0;
        options.has_max = 1; // counted behind the filters
        options.max_messages = 2;
        gives(pool, options, "3 5 ", PLSM_NEXT_END);
        options.has_max = 0;
        options.start = PLSM_START_LAST; // matching ones
        options.start_value = 2;
        gives(pool, options, "7 9 ", PLSM_NEXT_TIMEOUT);
        options.flags = flags | PLSM_TAIL_SNAPSHOT;
        gives(pool, options, "7 9 ", PLSM_NEXT_END);
        options.tags_len = 1;
        options.start_value = 1;
        gives(pool, options, "9 ", PLSM_NEXT_END);
        options.start_value = 9;
        gives(pool, options, "3 9 ", PLSM_NEXT_END);
        options.flags = flags | PLSM_TAIL_BACKWARDS;
        options.tags_len = 0;
        options.start_value = 3;
        gives(pool, options, "9 7 5 ", PLSM_NEXT_END);

        // Message 6 alone gives a number: it is told, and the stream goes on.
        const plsm_filter_t *bad = compiled(".data.bad // (.data.n > 4)");
        plsm_tail_options_t failing = PLSM_TAIL_OPTIONS_INIT;
        failing.flags = flags | PLSM_TAIL_SNAPSHOT;
        failing.filters = &bad;
        failing.filters_len = 1;
        gives(pool, failing, "5 !6 7 8 9 ", PLSM_NEXT_END);
        failing.start = PLSM_START_LAST;
        failing.start_value = 4; // it does not count
        gives(pool, failing, "5 !6 7 8 9 ", PLSM_NEXT_END);
        failing.start_value = 3;
        gives(pool, failing, "7 8 9 ", PLSM_NEXT_END);
        failing.flags = flags | PLSM_TAIL_BACKWARDS;
        failing.start = PLSM_START_NOW;
        gives(pool, failing, "9 8 7 !6 5 ", PLSM_NEXT_END);
        plsm_filter_free((plsm_filter_t *)bad);
    }

    // Freed filters go on working in streams; JSON and many views at once are filtered as well.
    plsm_stream_t *stream = NULL;
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.filters = filters;
    options.filters_len = 2;
    OK(plsm_pool_tail(pool, &options, &stream, &err));
    for (int i = 0; i < 2; i++) plsm_filter_free((plsm_filter_t *)filters[i]);
    plsm_bytes_t json;
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_json(stream, 0, &json, &err));
    CHECK_BYTES(json.data + json.len - 7, 7, "\"n\":3}}");
    plsm_view_t views[8];
    size_t count = 0;
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_views(stream, 0, views, 8, &count, &err));
    CHECK_U64(count, 3);
    CHECK_U64(views[0].seq, 5);
    CHECK_U64(views[2].seq, 9);
    plsm_stream_free(stream);

    const plsm_filter_t *wrong[2] = {NULL, (const plsm_filter_t *)pool};
    options.filters_len = 1;
    options.filters = NULL;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_tail(pool, &options, &stream, &err));
    options.filters = wrong;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_tail(pool, &options, &stream, &err));
    options.filters = wrong + 1;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_tail(pool, &options, &stream, &err));
    // A program made before there were filters says a smaller size.
    options.struct_size = offsetof(plsm_tail_options_t, filters);
    gives(pool, options, "1 2 3 4 5 6 7 8 9 ", PLSM_NEXT_TIMEOUT);
    plsm_pool_free(pool);
}

// Gaps are seen before filters, also when nothing of what follows matches.
static void gaps(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("gaps", 32 << 10);
    for (int i = 0; i < 10; i++) append(pool, "{\"n\":1}");
    plsm_filter_t *filter = compiled(".data.n == 1");
    const plsm_filter_t *list[1] = {filter};
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_stream_t *stream = NULL;
    plsm_view_t view;
    plsm_gap_t gap;
    options.start = PLSM_START_SEQ;
    options.start_value = 1;
    options.gap_policy = PLSM_GAP_EVENT;
    options.filters = list;
    options.filters_len = 1;
    OK(plsm_pool_tail(pool, &options, &stream, &err));
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 0, &view, &err));
    append_filler(pool, 1000);
    append(pool, "{\"n\":1}");
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 0, &view, &err));
    int code = PLSM_NEXT_MESSAGE;
    while (code == PLSM_NEXT_MESSAGE && view.seq < 1011) code = plsm_stream_next_view(stream, 0, &view, &err);
    CHECK_U64(code, PLSM_NEXT_GAP);
    OK(plsm_stream_gap(stream, &gap, &err));
    CHECK(gap.first > 1 && gap.last < 1011);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 0, &view, &err));
    CHECK_U64(view.seq, 1011);
    plsm_stream_free(stream);
    plsm_filter_free(filter);
    plsm_pool_free(pool);
}

enum { THREADS = 4, ROUNDS = 200 };
static plsm_filter_t *shared;
static plsm_pool_t *shared_pool;

static void *ask(void *unused) {
    plsm_error_t *err = NULL;
    plsm_view_t view;
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        OK(plsm_pool_get_view(shared_pool, 1 + (uint64_t)i % 2, &view, &err));
        GIVES(i % 2, plsm_filter_matches(shared, &view, &err));
    }
    return NULL;
}

static void from_threads(void) {
    pthread_t threads[THREADS];
    shared_pool = scratch_pool("threads", 0);
    append(shared_pool, "{\"list\":[1,2,3]}");
    append(shared_pool, "{\"list\":[1,2,30]}");
    shared = compiled("[.data.list[] | . * 2] | add > 40");
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, ask, NULL) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    plsm_filter_free(shared);
    plsm_pool_free(shared_pool);
}

int main(void) {
    compiling();
    matching();
    on_streams();
    gaps();
    from_threads();
    return finish("filter");
}
