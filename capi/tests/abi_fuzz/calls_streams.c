// calls_streams.c: streams of both kinds. Calls that know no waiting time are made only on streams that end by themselves.
#include "fuzz.h"

static plsm_stream_t *kept(int code, plsm_stream_t **place) {
    if (code == 0) keep(STREAM, *place);
    return code == 0 ? *place : NULL;
}

// Views are looked at while the pool lives: at once.
static void look(const plsm_view_t *view) {
    plsm_buf_t buf;
    memset(&buf, 0xa5, sizeof buf);
    int code = CALL(0, plsm_view_json(view, (uint32_t)below(4), &buf, error_place()));
    drop(code, &buf);
    plsm_value_t root;
    if (CALL(1, plsm_view_root(view, &root, NULL)) == 1) {
        size_t len, count;
        const char *name = key(&len);
        plsm_value_t member;
        CALL(1, plsm_value_get(&root, name, len, &member, error_place()));
        CALL(0, plsm_value_count(&root, &count, error_place()));
    }
    (void)plsm_view_is_valid(view);
}

static plsm_tail_options_t *tail_options(void) {
    plsm_tail_options_t made = PLSM_TAIL_OPTIONS_INIT;
    made.start = (uint32_t)below(rarely(8) ? 8 : 5);
    made.start_value = number();
    made.end_seq = number();
    made.has_end = rarely(4);
    made.max_messages = number();
    made.has_max = rarely(4);
    made.timeout_ms = wait_ms();
    made.has_timeout = rarely(4);
    made.gap_policy = (uint32_t)below(rarely(8) ? 5 : 3);
    made.tags = tags(&made.tags_len);
    made.flags = (uint32_t)below(rarely(8) ? 40 : 16);
    made.spin_us = rarely(8) ? (uint32_t)number() : (uint32_t)below(30);
    if (made.spin_us > 1000 && made.spin_us <= 1000000) made.spin_us = 1000;
    if (made.start == PLSM_START_TOKEN) made.token = rarely(8) ? NULL : reference();
    if (rarely(4)) {
        const plsm_filter_t **filters = memory(2 * sizeof *filters);
        filters[0] = handle(FILTER);
        filters[1] = handle(FILTER);
        made.filters = rarely(20) ? NULL : filters;
        made.filters_len = below(3);
    }
    return options(&made, sizeof made);
}

static void tail(void) {
    plsm_stream_t **place = output(sizeof *place);
    int code = CALL(0, plsm_pool_tail(handle(POOL), tail_options(), place, error_place()));
    untouched("plsm_pool_tail", code, place, sizeof *place, 0);
    kept(code, place);
}
static plsm_stream_options_t *stream_options(void) {
    plsm_stream_options_t made = PLSM_STREAM_OPTIONS_INIT;
    made.gap_policy = flag();
    made.since_seq = number();
    made.has_since = flag();
    made.max_messages = number();
    made.has_max = flag();
    made.timeout_ms = wait_ms();
    made.has_timeout = 1;
    made.reserved = rarely(30);
    return options(&made, sizeof made);
}
// Streams of these calls end soon: all of them are read here, and none is kept for calls that would wait.
static void open_stream(void) {
    plsm_stream_t *stream = NULL;
    int code = rarely(2) ? CALL(0, plsm_stream_open_ex(handle(POOL), stream_options(), &stream, error_place()))
                         : CALL(0, plsm_stream_open(handle(POOL), number(), flag(), number(), flag(), wait_ms(), 1, &stream,
                                                    error_place()));
    for (int step = 0; code == 0 && step < 5; step++) {
        plsm_buf_t *buf = output(sizeof *buf);
        int next = CALL(1, plsm_stream_next(stream, buf, error_place()));
        if (next == 1) plsm_buf_free(buf);
    }
    if (code == 0) keep(STREAM, stream);
}
static void open_lite3(void) {
    plsm_lite3_stream_t **place = output(sizeof *place);
    int code = rarely(2) ? CALL(0, plsm_lite3_stream_open_ex(handle(POOL), stream_options(), place, error_place()))
                         : CALL(0, plsm_lite3_stream_open(handle(POOL), number(), flag(), number(), flag(), wait_ms(), 1,
                                                          place, error_place()));
    untouched("plsm_lite3_stream_open", code, place, sizeof *place, 0);
    if (code == 0) keep(LITE3_STREAM, *place);
}
static void next_lite3(void) {
    plsm_lite3_frame_t *frame = output(sizeof *frame);
    int code = CALL(1, plsm_lite3_stream_next(handle(LITE3_STREAM), frame, error_place()));
    if (code == 1) plsm_lite3_frame_free(frame);
}
static void free_lite3(void) { plsm_lite3_stream_free(to_free(LITE3_STREAM)); }
// Of any stream, once it is cancelled.
static void next(void) {
    plsm_stream_t *stream = handle(STREAM);
    plsm_stream_cancel(stream);
    plsm_buf_t *buf = output(sizeof *buf);
    if (CALL(1, plsm_stream_next(stream, buf, error_place())) == 1) plsm_buf_free(buf);
    if (rarely(2)) plsm_stream_reset_cancel(stream);
}
static void next_view(void) {
    plsm_view_t *view = output(sizeof *view);
    int code = CALL(5, plsm_stream_next_view(handle(STREAM), wait_ms(), view, error_place()));
    if (code == PLSM_NEXT_MESSAGE) look(view);
}
static void next_views(void) {
    size_t room = below(5), *count = output(sizeof *count);
    plsm_view_t *views = rarely(20) ? NULL : memory(room * sizeof *views);
    int code = CALL(5, plsm_stream_next_views(handle(STREAM), wait_ms(), views, room, count, error_place()));
    for (size_t at = 0; code == PLSM_NEXT_MESSAGE && at < *count; at++) look(&views[at]);
}
static void next_json(void) {
    plsm_bytes_t *text = output(sizeof *text);
    int code = CALL(5, plsm_stream_next_json(handle(STREAM), wait_ms(), text, error_place()));
    if (code == PLSM_NEXT_MESSAGE && CALL(0, plsm_json_check(text->data, text->len, NULL)) != 0)
        wrong("plsm_stream_next_json", "gave what is no JSON");
}
static void gap(void) {
    plsm_gap_t *found = output(sizeof *found);
    int code = CALL(0, plsm_stream_gap(handle(STREAM), found, error_place()));
    if (code == 0 && found->count && found->last - found->first + 1 != found->count) wrong("plsm_stream_gap", "does not add up");
}
static void stats(void) {
    plsm_stream_stats_t *found = output(sizeof *found);
    CALL(0, plsm_stream_stats(handle(STREAM), found, error_place()));
}
static void seek(void) {
    CALL(0, plsm_stream_seek(handle(STREAM), (uint32_t)below(rarely(8) ? 9 : 5), number(), error_place()));
}
static void token(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    int code = CALL(0, plsm_stream_token(handle(STREAM), buf, error_place()));
    plsm_pool_t *pool = living(POOL);
    if (code == 0 && pool) {
        char *text = memory(buf->len + 1);
        memcpy(text, buf->data, buf->len);
        text[buf->len] = 0;
        plsm_tail_options_t at_token = PLSM_TAIL_OPTIONS_INIT;
        at_token.start = PLSM_START_TOKEN;
        at_token.token = text;
        plsm_stream_t *stream = NULL;
        kept(CALL(0, plsm_pool_tail(pool, &at_token, &stream, error_place())), &stream);
    }
    drop(code, buf);
}
static void fd(void) {
    int *found = output(sizeof *found);
    CALL(0, plsm_stream_fd(handle(STREAM), found, error_place()));
}
static void cancel(void) {
    plsm_stream_t *stream = handle(STREAM);
    plsm_stream_cancel(stream);
    plsm_stream_reset_cancel(stream);
}
static void wait_any(void) {
    plsm_stream_t **streams = memory(4 * sizeof *streams);
    for (int at = 0; at < 4; at++) streams[at] = handle(STREAM);
    size_t count = below(5), *index = output(sizeof *index);
    int code = CALL(1, plsm_wait_any(rarely(20) ? NULL : streams, count, wait_ms(), index, error_place()));
    if (code == 1 && usable(index) && *index >= count) wrong("plsm_wait_any", "no such stream");
}
static void free_stream(void) { plsm_stream_free(to_free(STREAM)); }

const struct call stream_calls[] = {
    {"plsm_pool_tail", tail},
    {"plsm_stream_open", open_stream},
    {"plsm_stream_open_ex", open_stream},
    {"plsm_lite3_stream_open", open_lite3},
    {"plsm_lite3_stream_open_ex", open_lite3},
    {"plsm_lite3_stream_next", next_lite3},
    {"plsm_lite3_stream_free", free_lite3},
    {"plsm_stream_next", next},
    {"plsm_stream_next_view", next_view},
    {"plsm_stream_next_views", next_views},
    {"plsm_stream_next_json", next_json},
    {"plsm_stream_gap", gap},
    {"plsm_stream_stats", stats},
    {"plsm_stream_seek", seek},
    {"plsm_stream_token", token},
    {"plsm_stream_fd", fd},
    {"plsm_stream_cancel", cancel},
    {"plsm_stream_reset_cancel", cancel},
    {"plsm_wait_any", wait_any},
    {"plsm_stream_free", free_stream},
    {NULL, NULL},
};
