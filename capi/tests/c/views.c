// views.c: messages in place and private, their parts and fields.
#include "check.h"

static void check_part_json(const plsm_view_t *view, uint32_t part, const char *want) {
    plsm_error_t *err = NULL;
    plsm_buf_t json = {NULL, 0};
    uint8_t room[512];
    size_t len = 0, needed = 0;
    OK(plsm_view_json(view, part, &json, &err));
    CHECK_BYTES(json.data, json.len, want);
    YES(plsm_view_write_json(view, part, room, sizeof room, &len, &err));
    CHECK_BYTES(room, len, want);
    // One byte too small: nothing is written, and the need is told.
    memset(room, 0x5a, sizeof room);
    NO(plsm_view_write_json(view, part, room, len - 1, &needed, &err));
    CHECK_U64(needed, len);
    CHECK(room[0] == 0x5a);
    NO(plsm_view_write_json(view, part, NULL, 0, &needed, &err));
    CHECK_U64(needed, len);
    plsm_buf_free(&json);
}

static void check_fields(const plsm_view_t *view) {
    plsm_error_t *err = NULL;
    int64_t integer = 0;
    double number = 0;
    uint32_t truth = 9;
    plsm_bytes_t text = {NULL, 0};
    YES(plsm_view_i64(view, "id", 2, &integer, &err));
    CHECK(integer == -42);
    YES(plsm_view_f64(view, "value", 5, &number, &err));
    CHECK(number == 23.571);
    YES(plsm_view_f64(view, "id", 2, &number, &err));
    CHECK(number == -42.0);
    YES(plsm_view_bool(view, "ok", 2, &truth, &err));
    CHECK_U64(truth, 1);
    YES(plsm_view_string(view, "name", 4, &text, &err));
    CHECK_BYTES(text.data, text.len, "sensor-17");
    NO(plsm_view_i64(view, "missing", 7, &integer, &err));
    NO(plsm_view_i64(view, "", 0, &integer, &err));
    NO(plsm_view_i64(view, NULL, 0, &integer, &err));
    CHECK(integer == -42);
    FAILS_KEEP(PLSM_ERROR_USAGE, plsm_view_i64(view, "name", 4, &integer, &err));
    if (err) CHECK_HAS(err->message, "string");
    drop_error(&err);
    FAILS(PLSM_ERROR_USAGE, plsm_view_i64(view, "value", 5, &integer, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_view_bool(view, "none", 4, &truth, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_view_string(view, "id", 2, &text, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_view_i64(view, NULL, 3, &integer, &err));

    CHECK_U64(plsm_view_tag_count(view), 2);
    YES(plsm_view_tag(view, 0, &text, &err));
    CHECK_BYTES(text.data, text.len, "lab");
    YES(plsm_view_tag(view, 1, &text, &err));
    CHECK_BYTES(text.data, text.len, "");
    NO(plsm_view_tag(view, 2, &text, &err));
    NO(plsm_view_tag(view, SIZE_MAX, &text, &err));
}

static void parts_and_fields(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("parts", 0);
    const char *json = "{\"id\":-42,\"name\":\"sensor-17\",\"value\":23.571,\"ok\":true,\"none\":null}";
    plsm_bytes_t tags[2] = {{(const uint8_t *)"lab", 3}, {NULL, 0}};
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.tags = tags;
    options.tags_len = 2;
    options.has_timestamp = 1;
    options.timestamp_ns = 1769846709000000001;
    OK(plsm_pool_append(pool, (const uint8_t *)json, strlen(json), &options, NULL, &err));
    const char *head = "{\"seq\":1,\"time\":\"2026-01-31T08:05:09.000000001Z\",\"meta\":{\"tags\":[\"lab\",\"\"]}";
    char whole[256], head_only[256];
    snprintf(whole, sizeof whole, "%s,\"data\":%s}", head, json);
    snprintf(head_only, sizeof head_only, "%s}", head);

    plsm_view_t views[3];
    plsm_message_t *message = NULL;
    plsm_stream_t *stream = NULL;
    OK(plsm_pool_get_view(pool, 1, &views[0], &err));
    CHECK_U64(views[0].flags, PLSM_VIEW_IN_PLACE);
    OK(plsm_pool_get_message(pool, 1, &message, &err));
    plsm_message_view(message, &views[1]);
    CHECK_U64(views[1].flags, 0);
    OK(plsm_pool_tail(pool, NULL, &stream, &err));
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 0, &views[2], &err));
    for (size_t i = 0; i < 3; i++) {
        CHECK_U64(views[i].seq, 1);
        CHECK_U64(views[i].timestamp_ns, 1769846709000000001);
        CHECK_U64(plsm_view_is_valid(&views[i]), 1);
        check_part_json(&views[i], PLSM_PART_ENVELOPE, whole);
        check_part_json(&views[i], PLSM_PART_DATA, json);
        check_part_json(&views[i], PLSM_PART_TAGS, "[\"lab\",\"\"]");
        check_part_json(&views[i], PLSM_PART_HEAD, head_only);
        check_fields(&views[i]);
        plsm_buf_t document = {NULL, 0};
        plsm_lite3_frame_t frame;
        OK(plsm_view_lite3(&views[i], &document, &err));
        OK(plsm_pool_get_lite3(pool, 1, &frame, &err));
        CHECK(document.len == frame.payload.len && memcmp(document.data, frame.payload.data, document.len) == 0);
        plsm_buf_free(&document);
        plsm_lite3_frame_free(&frame);
        plsm_buf_t none = {NULL, 0};
        FAILS(PLSM_ERROR_USAGE, plsm_view_json(&views[i], 4, &none, &err));
    }
    plsm_stream_free(stream);
    // A private copy outlives its pool.
    plsm_pool_free(pool);
    check_part_json(&views[1], PLSM_PART_ENVELOPE, whole);
    plsm_message_free(message);
    plsm_message_free(NULL);
    plsm_message_view(NULL, &views[1]);
    CHECK_U64(views[1].seq, 0);
    plsm_message_view(NULL, NULL);
}

static void overtaken(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("over", 65536);
    append(pool, "{\"first\":1}");
    plsm_view_t view, copy;
    plsm_message_t *message = NULL;
    plsm_tail_options_t in_place = PLSM_TAIL_OPTIONS_INIT;
    plsm_stream_t *stream = NULL;
    in_place.flags = PLSM_TAIL_IN_PLACE;
    OK(plsm_pool_tail(pool, &in_place, &stream, &err));
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 0, &view, &err));
    CHECK_U64(view.flags, PLSM_VIEW_IN_PLACE);
    OK(plsm_pool_get_message(pool, 1, &message, &err));
    plsm_message_view(message, &copy);
    CHECK_U64(plsm_view_is_valid(&view), 1);
    append_filler(pool, 500);
    CHECK_U64(plsm_view_is_valid(&view), 0);
    CHECK_U64(plsm_view_is_valid(&copy), 1);
    plsm_buf_t json = {NULL, 0};
    for (uint32_t part = PLSM_PART_ENVELOPE; part <= PLSM_PART_HEAD; part++) {
        FAILS_KEEP(PLSM_ERROR_RETENTION_GAP, plsm_view_json(&view, part, &json, &err));
        if (err) CHECK(err->has_seq && err->seq == 1);
        drop_error(&err);
        OK(plsm_view_json(&copy, part, &json, &err));
        plsm_buf_free(&json);
    }
    FAILS(PLSM_ERROR_RETENTION_GAP, plsm_view_lite3(&view, &json, &err));
    plsm_message_free(message);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

static void data_as_text(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("text", 0);
    append(pool, "{\"id\":1,\"big\":18446744073709551615}");
    plsm_view_t view;
    plsm_value_t value;
    int64_t id = 0;
    OK(plsm_pool_get_view(pool, 1, &view, &err));
    NO(plsm_view_root(&view, &value, &err));
    // Not "absent": that would be wrong.
    FAILS(PLSM_ERROR_USAGE, plsm_view_i64(&view, "id", 2, &id, &err));
    check_part_json(&view, PLSM_PART_DATA, "{\"id\":1,\"big\":18446744073709551615}");
    plsm_pool_free(pool);
}

int main(void) {
    parts_and_fields();
    overtaken();
    data_as_text();
    return finish("views");
}
