// streams_new.c: every start, end, filter and outcome of plsm_pool_tail.
#include "check.h"

static plsm_tail_options_t options(uint32_t start, uint64_t value, uint32_t flags) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.start = start;
    options.start_value = value;
    options.flags = flags;
    return options;
}

static plsm_stream_t *tail(plsm_pool_t *pool, plsm_tail_options_t options) {
    plsm_error_t *err = NULL;
    plsm_stream_t *stream = NULL;
    OK(plsm_pool_tail(pool, &options, &stream, &err));
    return stream;
}

// Reads a stream to its end and compares the seqs.
static void gives(plsm_stream_t *stream, const char *want, int last) {
    plsm_error_t *err = NULL;
    char got[256] = "";
    plsm_view_t view;
    int code;
    while ((code = plsm_stream_next_view(stream, 0, &view, &err)) == PLSM_NEXT_MESSAGE)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%" PRIu64 " ", view.seq);
    CHECK_STR(got, want);
    CHECK_U64(code, last);
    CHECK(err == NULL);
    drop_error(&err);
    plsm_stream_free(stream);
}

static void append_tagged(plsm_pool_t *pool, const char *tag) {
    plsm_error_t *err = NULL;
    plsm_bytes_t range = {(const uint8_t *)tag, strlen(tag)};
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.tags = &range;
    options.tags_len = 1;
    OK(plsm_pool_append(pool, (const uint8_t *)"{\"v\":1}", 7, &options, NULL, &err));
}

static void starts(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("starts", 0);
    plsm_receipt_t receipts[5];
    for (int i = 0; i < 5; i++) {
        plsm_append_options_t own = PLSM_APPEND_OPTIONS_INIT;
        own.has_timestamp = 1;
        own.timestamp_ns = 1000 * (uint64_t)(i + 1);
        OK(plsm_pool_append(pool, (const uint8_t *)"1", 1, &own, &receipts[i], &err));
    }
    gives(tail(pool, options(PLSM_START_OLDEST, 0, 0)), "1 2 3 4 5 ", PLSM_NEXT_TIMEOUT);
    gives(tail(pool, options(PLSM_START_OLDEST, 0, PLSM_TAIL_SNAPSHOT)), "1 2 3 4 5 ", PLSM_NEXT_END);
    gives(tail(pool, options(PLSM_START_NOW, 0, 0)), "", PLSM_NEXT_TIMEOUT);
    gives(tail(pool, options(PLSM_START_LAST, 2, 0)), "4 5 ", PLSM_NEXT_TIMEOUT);
    gives(tail(pool, options(PLSM_START_LAST, 99, 0)), "1 2 3 4 5 ", PLSM_NEXT_TIMEOUT);
    gives(tail(pool, options(PLSM_START_LAST, 0, 0)), "", PLSM_NEXT_TIMEOUT);
    gives(tail(pool, options(PLSM_START_SEQ, 4, PLSM_TAIL_IN_PLACE)), "4 5 ", PLSM_NEXT_TIMEOUT);
    gives(tail(pool, options(PLSM_START_TIME, 3000, PLSM_TAIL_SNAPSHOT)), "3 4 5 ", PLSM_NEXT_END);
    gives(tail(pool, options(PLSM_START_TIME, 3001, PLSM_TAIL_POLL)), "4 5 ", PLSM_NEXT_TIMEOUT);
    gives(tail(pool, options(PLSM_START_OLDEST, 0, PLSM_TAIL_BACKWARDS)), "5 4 3 2 1 ", PLSM_NEXT_END);
    gives(tail(pool, options(PLSM_START_SEQ, 3, PLSM_TAIL_BACKWARDS)), "3 2 1 ", PLSM_NEXT_END);
    gives(tail(pool, options(PLSM_START_LAST, 2, PLSM_TAIL_BACKWARDS)), "5 4 ", PLSM_NEXT_END);
    gives(tail(pool, options(PLSM_START_TIME, 4000, PLSM_TAIL_BACKWARDS)), "5 4 ", PLSM_NEXT_END);
    plsm_tail_options_t ranged = options(PLSM_START_SEQ, 2, 0);
    ranged.has_end = 1;
    ranged.end_seq = 4;
    gives(tail(pool, ranged), "2 3 4 ", PLSM_NEXT_END);
    ranged.flags = PLSM_TAIL_BACKWARDS;
    ranged.start_value = 4;
    ranged.end_seq = 2;
    gives(tail(pool, ranged), "4 3 2 ", PLSM_NEXT_END);
    ranged.flags = 0;
    ranged.start_value = 2;
    ranged.end_seq = 4;
    ranged.has_max = 1;
    ranged.max_messages = 2;
    gives(tail(pool, ranged), "2 3 ", PLSM_NEXT_END);
    plsm_tail_options_t timed = options(PLSM_START_OLDEST, 0, 0);
    timed.has_timeout = 1;
    gives(tail(pool, timed), "", PLSM_NEXT_DEADLINE);
    timed.timeout_ms = UINT64_MAX;
    timed.has_max = 1;
    timed.max_messages = 1;
    gives(tail(pool, timed), "1 ", PLSM_NEXT_END);
    plsm_stream_t *defaults = NULL;
    OK(plsm_pool_tail(pool, NULL, &defaults, &err));
    gives(defaults, "1 2 3 4 5 ", PLSM_NEXT_TIMEOUT);
    plsm_pool_free(pool);
}

static void tags(void) {
    plsm_pool_t *pool = scratch_pool("tags", 0);
    for (int i = 0; i < 6; i++) append_tagged(pool, i % 2 ? "odd" : "even");
    plsm_bytes_t wanted[2] = {{(const uint8_t *)"odd", 3}, {(const uint8_t *)"even", 4}};
    plsm_tail_options_t filtered = options(PLSM_START_OLDEST, 0, PLSM_TAIL_SNAPSHOT);
    filtered.tags = wanted;
    filtered.tags_len = 1;
    gives(tail(pool, filtered), "2 4 6 ", PLSM_NEXT_END);
    filtered.start = PLSM_START_LAST;
    filtered.start_value = 2;
    gives(tail(pool, filtered), "4 6 ", PLSM_NEXT_END);
    filtered.has_max = 1;
    filtered.max_messages = 1;
    gives(tail(pool, filtered), "4 ", PLSM_NEXT_END);
    filtered.tags_len = 2; // all of them, so none
    gives(tail(pool, filtered), "", PLSM_NEXT_END);
    plsm_pool_free(pool);
}

static void json_and_position(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("json", 0);
    for (int i = 0; i < 4; i++) append(pool, "{\"x\":[1]}");
    plsm_stream_t *stream = tail(pool, options(PLSM_START_OLDEST, 0, 0));
    plsm_bytes_t text = {NULL, 0};
    plsm_buf_t same = {NULL, 0}, token = {NULL, 0};
    for (uint64_t seq = 1; seq <= 2; seq++) {
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &text, &err));
        OK(plsm_pool_get_json(pool, seq, &same, &err));
        CHECK(text.len == same.len && memcmp(text.data, same.data, same.len) == 0);
        plsm_buf_free(&same);
    }
    plsm_stream_stats_t stats;
    OK(plsm_stream_stats(stream, &stats, &err));
    CHECK(stats.delivered == 2 && stats.dropped == 0 && stats.next_seq == 3 && stats.reserved == 0);

    // A token leads back, in another stream.
    OK(plsm_stream_token(stream, &token, &err));
    char copy[256];
    snprintf(copy, sizeof copy, "%.*s", (int)token.len, (const char *)token.data);
    plsm_buf_free(&token);
    plsm_tail_options_t resumed = options(PLSM_START_TOKEN, 0, 0);
    resumed.token = copy;
    gives(tail(pool, resumed), "3 4 ", PLSM_NEXT_TIMEOUT);
    plsm_stream_t *none = NULL;
    resumed.token = "no token";
    FAILS(PLSM_ERROR_USAGE, plsm_pool_tail(pool, &resumed, &none, &err));

    // Seek, also behind the end.
    OK(plsm_stream_seek(stream, PLSM_START_SEQ, 4, &err));
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_json(stream, 0, &text, &err));
    CHECK(memcmp(text.data, "{\"seq\":4,", 9) == 0);
    text.data = (const uint8_t *)copy;
    GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_json(stream, 5, &text, &err));
    CHECK(text.data == (const uint8_t *)copy);
    OK(plsm_stream_seek(stream, PLSM_START_OLDEST, 0, &err));
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_json(stream, 0, &text, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_stream_seek(stream, PLSM_START_TOKEN, 0, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_stream_seek(stream, 6, 0, &err));
    // The old call works on a new stream too.
    YES(plsm_stream_next(stream, &same, &err));
    CHECK(memcmp(same.data, "{\"seq\":2,", 9) == 0);
    plsm_buf_free(&same);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

static void gap_events(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("gaps", 65536);
    plsm_tail_options_t events = options(PLSM_START_OLDEST, 0, 0);
    events.gap_policy = PLSM_GAP_EVENT;
    plsm_stream_t *stream = tail(pool, events), *old = tail(pool, events);
    append(pool, "1");
    plsm_view_t view;
    plsm_gap_t gap = {5, 5, 5};
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 0, &view, &err));
    OK(plsm_stream_gap(stream, &gap, &err));
    CHECK(gap.first == 0 && gap.last == 0 && gap.count == 0);
    plsm_buf_t json = {NULL, 0};
    YES(plsm_stream_next(old, &json, &err));
    plsm_buf_free(&json);
    append_filler(pool, 500);
    plsm_bounds_t bounds;
    OK(plsm_pool_bounds(pool, &bounds, &err));
    GIVES(PLSM_NEXT_GAP, plsm_stream_next_view(stream, 0, &view, &err));
    OK(plsm_stream_gap(stream, &gap, &err));
    CHECK_U64(gap.first, 2);
    CHECK_U64(gap.last, bounds.oldest - 1);
    CHECK_U64(gap.count, bounds.oldest - 2);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 0, &view, &err));
    CHECK_U64(view.seq, bounds.oldest);
    plsm_stream_stats_t stats;
    OK(plsm_stream_stats(stream, &stats, &err));
    CHECK_U64(stats.dropped, gap.count);
    // The old call passes over the event.
    YES(plsm_stream_next(old, &json, &err));
    CHECK(json.len > 7 && strtoull((const char *)json.data + 7, NULL, 10) == bounds.oldest);
    plsm_buf_free(&json);
    plsm_stream_free(old);
    plsm_stream_free(stream);

    plsm_tail_options_t strict = options(PLSM_START_SEQ, 1, 0);
    strict.gap_policy = PLSM_GAP_ERROR;
    stream = tail(pool, strict);
    FAILS(PLSM_ERROR_RETENTION_GAP, plsm_stream_next_view(stream, 0, &view, &err));
    GIVES(PLSM_NEXT_END, plsm_stream_next_view(stream, 0, &view, &err));
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

static void many_at_once(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("many", 65536);
    for (uint32_t flags = 0; flags <= PLSM_TAIL_IN_PLACE; flags += PLSM_TAIL_IN_PLACE) {
        plsm_tail_options_t events = options(PLSM_START_NOW, 0, flags);
        events.gap_policy = PLSM_GAP_EVENT;
        plsm_stream_t *stream = tail(pool, events);
        plsm_view_t views[16];
        size_t count = 99;
        GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_views(stream, 0, views, 16, &count, &err));
        CHECK_U64(count, 99);
        char json[32];
        uint64_t first = 0;
        for (int i = 0; i < 20; i++) {
            snprintf(json, sizeof json, "{\"i\":%d}", i);
            uint64_t seq = append(pool, json);
            if (i == 0) first = seq;
        }
        // All are borrowed until the next call, in order, each with its own content.
        uint64_t next = 0;
        while (next < 20) {
            GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_views(stream, PLSM_WAIT_FOREVER, views, 16, &count, &err));
            CHECK(count >= 1 && count <= 16);
            for (size_t i = 0; i < count && i < 16; i++, next++) {
                int64_t value = -1;
                CHECK_U64(views[i].seq, first + next);
                CHECK_U64(views[i].flags, flags ? PLSM_VIEW_IN_PLACE : 0);
                YES(plsm_view_i64(&views[i], "i", 1, &value, &err));
                CHECK_U64(value, next);
                CHECK_U64(plsm_view_is_valid(&views[i]), 1);
            }
            if (count == 0) break;
        }
        GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_views(stream, 5, views, 16, &count, &err));
        append_filler(pool, 500);
        plsm_gap_t gap;
        plsm_bounds_t bounds;
        OK(plsm_pool_bounds(pool, &bounds, &err));
        GIVES(PLSM_NEXT_GAP, plsm_stream_next_views(stream, 0, views, 16, &count, &err));
        OK(plsm_stream_gap(stream, &gap, &err));
        CHECK(gap.first == first + 20 && gap.last == bounds.oldest - 1);
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_views(stream, 0, views, 1, &count, &err));
        CHECK(count == 1 && views[0].seq == bounds.oldest);
        plsm_stream_cancel(stream);
        GIVES(PLSM_NEXT_CANCELLED, plsm_stream_next_views(stream, PLSM_WAIT_FOREVER, views, 16, &count, &err));
        plsm_stream_free(stream);
    }
    // The maximum counts messages, not calls.
    plsm_tail_options_t three = options(PLSM_START_OLDEST, 0, 0);
    plsm_view_t views[8];
    size_t count = 0;
    three.has_max = 1;
    three.max_messages = 3;
    plsm_stream_t *stream = tail(pool, three);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_views(stream, 0, views, 8, &count, &err));
    CHECK_U64(count, 3);
    GIVES(PLSM_NEXT_END, plsm_stream_next_views(stream, 0, views, 8, &count, &err));
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

// Views of one call keep their content although the call passes over padding at the ring's end, or over messages that
// are not wanted.
static void many_around_the_ring(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("around", 65536);
    plsm_bytes_t tag = {(const uint8_t *)"third", 5};
    plsm_stream_t *streams[2];
    for (size_t i = 0; i < 2; i++) {
        plsm_tail_options_t wanted = options(PLSM_START_NOW, 0, 0);
        wanted.tags = &tag;
        wanted.tags_len = i;
        streams[i] = tail(pool, wanted);
    }
    uint64_t number = 0, expected[2] = {0, 0};
    plsm_view_t views[64];
    size_t count = 0;
    for (int round = 0; round < 300; round++) { // some ten laps
        for (int i = 0; i < 30; i++, number++) {
            char json[64];
            int len = snprintf(json, sizeof json, "{\"i\":%llu}", (unsigned long long)number);
            plsm_append_options_t tagged = PLSM_APPEND_OPTIONS_INIT;
            tagged.tags = &tag;
            tagged.tags_len = number % 3 == 0;
            OK(plsm_pool_append(pool, (const uint8_t *)json, (size_t)len, &tagged, NULL, &err));
        }
        for (size_t which = 0; which < 2; which++) {
            while (plsm_stream_next_views(streams[which], 0, views, 64, &count, &err) == PLSM_NEXT_MESSAGE) {
                for (size_t i = 0; i < count; i++) {
                    int64_t value = -1;
                    YES(plsm_view_i64(&views[i], "i", 1, &value, &err));
                    CHECK_U64(value, expected[which]);
                    expected[which] += which == 0 ? 1 : 3;
                }
                plsm_stream_stats_t stats;
                OK(plsm_stream_stats(streams[which], &stats, &err));
                CHECK_U64(stats.next_seq, views[count - 1].seq + 1);
            }
        }
    }
    CHECK_U64(expected[0], number);
    CHECK_U64(expected[1], number);
    plsm_stream_free(streams[0]);
    plsm_stream_free(streams[1]);
    plsm_pool_free(pool);
}

static void pool_gone(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("gone", 0);
    append(pool, "1");
    plsm_stream_t *stream = tail(pool, options(PLSM_START_OLDEST, 0, 0));
    OK(plsm_pool_delete(scratch_client(), "gone", &err));
    plsm_view_t view;
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 0, &view, &err));
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

int main(void) {
    starts();
    tags();
    json_and_position();
    gap_events();
    many_at_once();
    many_around_the_ring();
    pool_gone();
    return finish("streams_new");
}
