// get.c: one message by its seq, as JSON and as Lite3.
#include "check.h"

static void same_bytes_from_every_call(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("same", 0);
    const char *json = "{\"k\":[1,2.0,\"\\u0001/\\u00e4\"],\"big\":18446744073709551615}";
    const char *tags[] = {"t"};
    plsm_buf_t receipt = {NULL, 0}, got = {NULL, 0}, streamed = {NULL, 0}, viewed = {NULL, 0};
    OK(plsm_pool_append_json(pool, (const uint8_t *)json, strlen(json), tags, 1, 0, &receipt, &err));
    OK(plsm_pool_get_json(pool, 1, &got, &err));
    plsm_stream_t *stream = NULL;
    OK(plsm_stream_open(pool, 0, 0, 1, 1, 0, 0, &stream, &err));
    YES(plsm_stream_next(stream, &streamed, &err));
    plsm_stream_free(stream);
    plsm_message_t *message = NULL;
    plsm_view_t view;
    OK(plsm_pool_get_message(pool, 1, &message, &err));
    plsm_message_view(message, &view);
    CHECK_U64(view.flags, 0);
    OK(plsm_view_json(&view, PLSM_PART_ENVELOPE, &viewed, &err));
    const plsm_buf_t *all[] = {&got, &streamed, &viewed};
    for (size_t i = 0; i < 3; i++)
        CHECK(all[i]->len == receipt.len && memcmp(all[i]->data, receipt.data, receipt.len) == 0);
    plsm_message_free(message);
    plsm_buf_free(&receipt);
    plsm_buf_free(&got);
    plsm_buf_free(&streamed);
    plsm_buf_free(&viewed);
    plsm_pool_free(pool);
}

static void absent(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("absent", 65536);
    uint8_t mark = 0;
    append_filler(pool, 500);
    plsm_bounds_t bounds;
    OK(plsm_pool_bounds(pool, &bounds, &err));
    CHECK(bounds.oldest > 1);
    CHECK_U64(bounds.count, bounds.newest - bounds.oldest + 1);
    const uint64_t gone[] = {0, 1, bounds.oldest - 1, bounds.newest + 1, UINT64_MAX};
    for (size_t i = 0; i < 5; i++) {
        plsm_buf_t json = {&mark, 5};
        plsm_lite3_frame_t frame;
        plsm_view_t view;
        plsm_message_t *message = NULL;
        memset(&frame, 0x5a, sizeof frame);
        memset(&view, 0x5a, sizeof view);
        FAILS_KEEP(PLSM_ERROR_NOT_FOUND, plsm_pool_get_json(pool, gone[i], &json, &err));
        if (err) CHECK(err->path == NULL && err->has_seq && err->seq == gone[i]);
        drop_error(&err);
        FAILS_KEEP(PLSM_ERROR_NOT_FOUND, plsm_pool_get_lite3(pool, gone[i], &frame, &err));
        if (err) CHECK(err->path == NULL && err->has_seq && err->seq == gone[i]);
        drop_error(&err);
        FAILS(PLSM_ERROR_NOT_FOUND, plsm_pool_get_view(pool, gone[i], &view, &err));
        FAILS(PLSM_ERROR_NOT_FOUND, plsm_pool_get_message(pool, gone[i], &message, &err));
        CHECK(json.data == &mark && json.len == 5 && message == NULL);
        CHECK_U64(frame.seq, 0x5a5a5a5a5a5a5a5a);
        CHECK_U64(view.seq, 0x5a5a5a5a5a5a5a5a);
    }
    plsm_buf_t json = {NULL, 0};
    OK(plsm_pool_get_json(pool, bounds.oldest, &json, &err));
    plsm_buf_free(&json);
    OK(plsm_pool_get_json(pool, bounds.newest, &json, &err));
    plsm_buf_free(&json);
    plsm_pool_free(pool);
}

static void lite3_of_json(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("doc", 0);
    append(pool, "{\"a\":{\"b\":[true]}}");
    append(pool, "7.5");
    append(pool, "{\"big\":18446744073709551615}");
    append(pool, "{\"n\\u0000ul\":1}");
    static const char *const whole[] = {"{\"meta\":{\"tags\":[]},\"data\":{\"a\":{\"b\":[true]}}}", "{\"meta\":{\"tags\":[]},\"data\":7.5}"};
    for (uint64_t seq = 1; seq <= 2; seq++) {
        plsm_lite3_frame_t frame, again;
        plsm_buf_t json = {NULL, 0};
        OK(plsm_pool_get_lite3(pool, seq, &frame, &err));
        OK(plsm_pool_get_lite3(pool, seq, &again, &err));
        CHECK(frame.payload.len == again.payload.len && memcmp(frame.payload.data, again.payload.data, again.payload.len) == 0);
        CHECK(frame.timestamp_ns > 0);
        OK(plsm_lite3_check(frame.payload.data, frame.payload.len, &err));
        OK(plsm_lite3_to_json(frame.payload.data, frame.payload.len, &json, &err));
        CHECK_BYTES(json.data, json.len, whole[seq - 1]);
        plsm_buf_free(&json);
        // Appended elsewhere it is the same message with a new seq.
        uint64_t copy = 0;
        OK(plsm_pool_append_lite3(pool, frame.payload.data, frame.payload.len, 0, &copy, &err));
        CHECK_U64(copy, 4 + seq);
        plsm_lite3_frame_free(&frame);
        plsm_lite3_frame_free(&frame);
        CHECK(frame.seq == 0 && frame.payload.data == NULL && frame.payload.len == 0 && frame.timestamp_ns == 0);
        plsm_lite3_frame_free(&again);
    }
    for (uint64_t seq = 3; seq <= 4; seq++) {
        plsm_lite3_frame_t frame;
        plsm_buf_t json = {NULL, 0};
        FAILS_KEEP(PLSM_ERROR_USAGE, plsm_pool_get_lite3(pool, seq, &frame, &err));
        if (err) CHECK(err->has_seq && err->seq == seq);
        drop_error(&err);
        OK(plsm_pool_get_json(pool, seq, &json, &err));
        plsm_buf_free(&json);
    }
    plsm_lite3_frame_free(NULL);
    plsm_buf_free(NULL);

    // A handle whose file is gone can still read.
    CHECK(unlink(plsm_pool_path(pool)) == 0);
    plsm_buf_t json = {NULL, 0};
    OK(plsm_pool_get_json(pool, 1, &json, &err));
    plsm_buf_free(&json);
    plsm_pool_free(pool);
}

int main(void) {
    same_bytes_from_every_call();
    absent();
    lite3_of_json();
    return finish("get");
}
