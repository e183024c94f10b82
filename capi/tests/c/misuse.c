// misuse.c: whatever can be seen to be wrong is answered with Usage, before any work is done.
#include "check.h"

static plsm_client_t *client;
static plsm_pool_t *pool;
static plsm_error_t *err;
static const uint8_t *const json = (const uint8_t *)"{}";
static const char bad_utf8[] = "a\xff";

#define USAGE(call) FAILS(PLSM_ERROR_USAGE, call)
#define NOT_ALIGNED(type) ((type)(uintptr_t)3)

static void pool_calls(void) {
    plsm_pool_t *out = NULL;
    plsm_client_t *new_client = NULL;
    plsm_buf_t buf = {NULL, 0};
    USAGE(plsm_client_new("x", NULL, &err));
    USAGE(plsm_client_new(bad_utf8, &new_client, &err));
    USAGE(plsm_pool_create(NULL, "new", 0, &out, &err));
    USAGE(plsm_pool_create(client, NULL, 0, &out, &err));
    USAGE(plsm_pool_create(client, "new", 0, NULL, &err));
    USAGE(plsm_pool_create(client, bad_utf8, 0, &out, &err));
    USAGE(plsm_pool_create(client, "", 0, &out, &err));
    USAGE(plsm_pool_create(client, "x://h/p", 0, &out, &err));
    USAGE(plsm_pool_create(client, "new", 1, &out, &err));
    USAGE(plsm_pool_create(client, "new", UINT64_MAX, &out, &err));
    USAGE(plsm_pool_create(client, "new", 0, NOT_ALIGNED(plsm_pool_t **), &err));
    NO(plsm_pool_exists(client, "new", &err));
    USAGE(plsm_pool_open(NULL, "p", &out, &err));
    USAGE(plsm_pool_open(client, NULL, &out, &err));
    USAGE(plsm_pool_open(client, "p", NULL, &err));
    USAGE(plsm_pool_open(client, bad_utf8, &out, &err));
    USAGE(plsm_pool_exists(client, NULL, &err));
    USAGE(plsm_pool_delete(client, "", &err));
    USAGE(plsm_pool_resolve(client, "p", NULL, &err));
    USAGE(plsm_client_pool_dir(NULL, &buf, &err));
    USAGE(plsm_default_pool_dir(NULL, &err));
    plsm_pool_options_t options = PLSM_POOL_OPTIONS_INIT;
    options.struct_size = 23;
    USAGE(plsm_pool_create_with(client, "new", &options, &out, &err));
    USAGE(plsm_pool_ensure(client, "new", NULL, NULL, NULL, &err));
    plsm_open_options_t open = PLSM_OPEN_OPTIONS_INIT;
    open.flags = 2;
    USAGE(plsm_pool_open_with(client, "p", &open, &out, &err));
    open.struct_size = 0;
    USAGE(plsm_pool_open_with(client, "p", &open, &out, &err));
    // Options of a newer header: what this library does not know must be 0.
    struct {
        plsm_open_options_t known;
        uint64_t added;
    } newer = {{16, 0}, 1};
    USAGE(plsm_pool_open_with(client, "p", &newer.known, &out, &err));
    newer.added = 0;
    OK(plsm_pool_open_with(client, "p", &newer.known, &out, &err));
    plsm_pool_free(out);
    plsm_pool_info_t info;
    memset(&info, 0, sizeof info);
    USAGE(plsm_pool_info(pool, &info, &err));
    USAGE(plsm_pool_bounds(pool, NULL, &err));
    USAGE(plsm_pool_layout(pool, NULL, 3, NULL, &err));
    USAGE(plsm_pool_id(pool, NULL, &err));
    USAGE(plsm_pool_list_open(client, NULL, &err));
    USAGE(plsm_pool_info_json(pool, NULL, &err));
    CHECK(plsm_pool_name(NULL) == NULL && plsm_pool_path(NULL) == NULL);
    CHECK(plsm_pool_generation(NULL) == 0 && plsm_pool_is_read_only(NULL) == 0 && plsm_pool_list_count(NULL) == 0);
}

static void append_calls(void) {
    plsm_buf_t buf = {(uint8_t *)1, 1};
    const char *bad_tags[] = {"a", NULL, "c"}, *not_utf8[] = {bad_utf8};
    uint64_t seq = 77;
    USAGE(plsm_pool_append_json(NULL, json, 2, NULL, 0, 0, &buf, &err));
    USAGE(plsm_pool_append_json(pool, NULL, 2, NULL, 0, 0, &buf, &err));
    USAGE(plsm_pool_append_json(pool, NULL, 0, NULL, 0, 0, &buf, &err));
    USAGE(plsm_pool_append_json(pool, json, 2, NULL, 0, 0, NULL, &err));
    USAGE(plsm_pool_append_json(pool, json, 2, bad_tags, 3, 0, &buf, &err));
    USAGE(plsm_pool_append_json(pool, json, 2, not_utf8, 1, 0, &buf, &err));
    USAGE(plsm_pool_append_json(pool, json, 2, NULL, 0, 2, &buf, &err));
    USAGE(plsm_pool_append_json(pool, json, 2, NULL, 0, 99, &buf, &err));
    USAGE(plsm_pool_append_json(pool, json, SIZE_MAX, NULL, 0, 0, &buf, &err));
    USAGE(plsm_pool_append_lite3(NULL, json, 2, 0, &seq, &err));
    USAGE(plsm_pool_append_lite3(pool, NULL, 2, 0, &seq, &err));
    USAGE(plsm_pool_append_lite3(pool, json, 2, 0, NULL, &err));
    USAGE(plsm_pool_append_lite3(pool, json, 2, 2, &seq, &err));
    USAGE(plsm_pool_append(NULL, json, 2, NULL, NULL, &err));
    USAGE(plsm_pool_append(pool, NULL, 2, NULL, NULL, &err));
    USAGE(plsm_pool_append(pool, json, 2, NULL, NOT_ALIGNED(plsm_receipt_t *), &err));
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.flags = 2;
    USAGE(plsm_pool_append(pool, json, 2, &options, NULL, &err));
    options.flags = 0;
    options.durability = 2;
    USAGE(plsm_pool_append(pool, json, 2, &options, NULL, &err));
    options.durability = 0;
    options.tags_len = 1;
    USAGE(plsm_pool_append(pool, json, 2, &options, NULL, &err));
    options.struct_size = 8;
    USAGE(plsm_pool_append(pool, json, 2, &options, NULL, &err));
    USAGE(plsm_pool_append(pool, json, 2, NOT_ALIGNED(plsm_append_options_t *), NULL, &err));
    // Lengths that reach around the end of their type, with and without tags behind them.
    plsm_bytes_t tag = {(const uint8_t *)"0123456789012345678901234567890123456789", 40};
    plsm_append_options_t tagged = PLSM_APPEND_OPTIONS_INIT;
    plsm_reservation_t *reservation = NULL;
    uint8_t *payload = NULL;
    tagged.tags = &tag;
    for (size_t less = 0; less < 60; less += 7) {
        tagged.tags_len = less % 2;
        USAGE(plsm_pool_reserve(pool, SIZE_MAX - less, &tagged, &reservation, &payload, &err));
    }
    CHECK(buf.data == (uint8_t *)1 && buf.len == 1 && seq == 77);
    plsm_bounds_t bounds;
    OK(plsm_pool_bounds(pool, &bounds, &err));
    CHECK_U64(bounds.newest, 1);
}

static void stream_calls(void) {
    plsm_stream_t *stream = NULL;
    plsm_lite3_stream_t *lite3 = NULL;
    plsm_stream_options_t options = PLSM_STREAM_OPTIONS_INIT;
    USAGE(plsm_stream_open(NULL, 0, 0, 0, 0, 0, 0, &stream, &err));
    USAGE(plsm_stream_open(pool, 0, 0, 0, 0, 0, 0, NULL, &err));
    USAGE(plsm_stream_open_ex(pool, NULL, &stream, &err));
    USAGE(plsm_stream_open_ex(NULL, &options, &stream, &err));
    USAGE(plsm_stream_open_ex(pool, &options, NULL, &err));
    options.struct_size = 47;
    USAGE(plsm_stream_open_ex(pool, &options, &stream, &err));
    options.struct_size = 48;
    options.reserved = 1;
    USAGE(plsm_stream_open_ex(pool, &options, &stream, &err));
    USAGE(plsm_lite3_stream_open_ex(pool, &options, &lite3, &err));
    options.reserved = 0;
    for (uint32_t policy = 2; policy < 4; policy++) {
        options.gap_policy = policy;
        USAGE(plsm_stream_open_ex(pool, &options, &stream, &err));
    }
    options.gap_policy = 0;
    // Larger than known: the rest is ignored in this one struct.
    struct {
        plsm_stream_options_t known;
        uint64_t more[2];
    } larger = {options, {5, 5}};
    larger.known.struct_size = sizeof larger;
    OK(plsm_stream_open_ex(pool, &larger.known, &stream, &err));
    USAGE(plsm_lite3_stream_next((plsm_lite3_stream_t *)stream, NULL, &err));

    // Without a place for it the message stays unread.
    plsm_buf_t buf = {NULL, 0};
    plsm_view_t view;
    plsm_bytes_t text;
    USAGE(plsm_stream_next(stream, NULL, &err));
    USAGE(plsm_stream_next_view(stream, 0, NULL, &err));
    USAGE(plsm_stream_next_json(stream, 0, NULL, &err));
    size_t count;
    USAGE(plsm_stream_next_views(stream, 0, NULL, 1, &count, &err));
    USAGE(plsm_stream_next_views(stream, 0, &view, 0, &count, &err));
    USAGE(plsm_stream_next_views(stream, 0, &view, 1, NULL, &err));
    USAGE(plsm_stream_next_views(NULL, 0, &view, 1, &count, &err));
    USAGE(plsm_stream_next(NULL, &buf, &err));
    USAGE(plsm_stream_next_view(NULL, 0, &view, &err));
    USAGE(plsm_stream_next_json(NULL, 0, &text, &err));
    YES(plsm_stream_next(stream, &buf, &err));
    CHECK(memcmp(buf.data, "{\"seq\":1,", 9) == 0);
    plsm_buf_free(&buf);
    USAGE(plsm_stream_gap(stream, NULL, &err));
    USAGE(plsm_stream_stats(stream, NULL, &err));
    USAGE(plsm_stream_token(stream, NULL, &err));
    USAGE(plsm_stream_fd(stream, NULL, &err));
    plsm_stream_free(stream);

    plsm_tail_options_t tail = PLSM_TAIL_OPTIONS_INIT;
    tail.start = 6;
    USAGE(plsm_pool_tail(pool, &tail, &stream, &err));
    tail.start = PLSM_START_TOKEN;
    USAGE(plsm_pool_tail(pool, &tail, &stream, &err));
    tail.start = PLSM_START_OLDEST;
    tail.token = "x";
    USAGE(plsm_pool_tail(pool, &tail, &stream, &err));
    tail.token = NULL;
    tail.flags = 16;
    USAGE(plsm_pool_tail(pool, &tail, &stream, &err));
    tail.flags = 0;
    tail.gap_policy = 3;
    USAGE(plsm_pool_tail(pool, &tail, &stream, &err));
    tail.gap_policy = 0;
    tail.spin_us = 1000001;
    USAGE(plsm_pool_tail(pool, &tail, &stream, &err));
    tail.spin_us = 0;
    plsm_bytes_t tag = {(const uint8_t *)bad_utf8, 2};
    tail.tags = &tag;
    tail.tags_len = 1;
    USAGE(plsm_pool_tail(pool, &tail, &stream, &err));
}

static void read_calls(void) {
    plsm_buf_t buf = {NULL, 0};
    plsm_lite3_frame_t frame;
    plsm_view_t view;
    plsm_message_t *message = NULL;
    size_t len;
    USAGE(plsm_pool_get_json(NULL, 1, &buf, &err));
    USAGE(plsm_pool_get_json(pool, 1, NULL, &err));
    USAGE(plsm_pool_get_lite3(NULL, 1, &frame, &err));
    USAGE(plsm_pool_get_lite3(pool, 1, NULL, &err));
    USAGE(plsm_pool_get_view(NULL, 1, &view, &err));
    USAGE(plsm_pool_get_view(pool, 1, NULL, &err));
    USAGE(plsm_pool_get_message(pool, 1, NULL, &err));
    // A view that no call has filled.
    memset(&view, 0, sizeof view);
    USAGE(plsm_view_json(&view, 0, &buf, &err));
    USAGE(plsm_view_json(NULL, 0, &buf, &err));
    CHECK(plsm_view_is_valid(&view) == 0 && plsm_view_is_valid(NULL) == 0 && plsm_view_tag_count(NULL) == 0);
    OK(plsm_pool_get_message(pool, 1, &message, &err));
    plsm_message_view(message, &view);
    USAGE(plsm_view_json(&view, 0, NULL, &err));
    USAGE(plsm_view_write_json(&view, 0, NULL, 8, &len, &err));
    USAGE(plsm_view_write_json(&view, 0, NULL, 0, NULL, &err));
    // A handle of another type.
    USAGE(plsm_pool_get_json((plsm_pool_t *)message, 1, &buf, &err));
    USAGE(plsm_pool_open((plsm_client_t *)pool, "p", (plsm_pool_t **)&message, &err));
    plsm_stream_free((plsm_stream_t *)message);
    plsm_message_free(message);
    USAGE(plsm_lite3_from_json(NULL, 2, &buf, &err));
    USAGE(plsm_lite3_to_json(json, 2, NULL, &err));
    USAGE(plsm_lite3_check(NULL, 2, &err));
    USAGE(plsm_time_format(1, NULL, &err));
    USAGE(plsm_time_parse(NULL, 2, (uint64_t *)&len, &err));
}

int main(void) {
    client = scratch_client();
    pool = scratch_pool("p", 0);
    append(pool, "{}");
    pool_calls();
    append_calls();
    stream_calls();
    read_calls();
    plsm_client_free(NULL);
    plsm_pool_free(NULL);
    plsm_pool_list_free(NULL);
    plsm_pool_free(pool);
    return finish("misuse");
}
