// batch.c: many messages at once, and messages written in place.
#include "check.h"

static plsm_batch_item_t item(const char *json) {
    plsm_batch_item_t item;
    memset(&item, 0, sizeof item);
    item.data = (const uint8_t *)json;
    item.len = strlen(json);
    return item;
}

static void check_data(plsm_pool_t *pool, uint64_t seq, const char *tags, const char *data) {
    plsm_error_t *err = NULL;
    plsm_message_t *message = NULL;
    plsm_view_t view;
    plsm_buf_t json = {NULL, 0};
    OK(plsm_pool_get_message(pool, seq, &message, &err));
    plsm_message_view(message, &view);
    OK(plsm_view_json(&view, PLSM_PART_TAGS, &json, &err));
    CHECK_BYTES(json.data, json.len, tags);
    plsm_buf_free(&json);
    OK(plsm_view_json(&view, PLSM_PART_DATA, &json, &err));
    CHECK_BYTES(json.data, json.len, data);
    plsm_buf_free(&json);
    plsm_message_free(message);
}

static void batches(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("batch", 0);
    plsm_buf_t data = {NULL, 0}, document = {NULL, 0};
    const char *whole = "{\"meta\":{\"tags\":[\"d\"]},\"data\":[7]}";
    OK(plsm_lite3_from_json((const uint8_t *)"{\"l\":3}", 7, &data, &err));
    OK(plsm_lite3_from_json((const uint8_t *)whole, strlen(whole), &document, &err));

    plsm_bytes_t own[2] = {{(const uint8_t *)"own", 3}, {(const uint8_t *)"two", 3}};
    plsm_bytes_t common = {(const uint8_t *)"all", 3};
    plsm_batch_item_t items[3] = {item("{\"a\":1}"), item("null"), item("")};
    items[0].tags = own;
    items[0].tags_len = 2;
    items[2].data = data.data;
    items[2].len = data.len;
    items[2].encoding = PLSM_ITEM_LITE3_DATA;
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.tags = &common;
    options.tags_len = 1;
    plsm_receipt_t receipts[3];
    OK(plsm_pool_append_batch(pool, items, 3, &options, receipts, &err));
    for (uint64_t i = 0; i < 3; i++) CHECK_U64(receipts[i].seq, i + 1);
    check_data(pool, 1, "[\"all\",\"own\",\"two\"]", "{\"a\":1}");
    check_data(pool, 2, "[\"all\"]", "null");
    check_data(pool, 3, "[\"all\"]", "{\"l\":3}");

    // A whole document keeps its own tags; times of items rise.
    plsm_batch_item_t timed[2] = {item("1"), item("")};
    timed[0].has_timestamp = 1;
    timed[0].timestamp_ns = receipts[2].timestamp_ns + 1000;
    timed[1].data = document.data;
    timed[1].len = document.len;
    timed[1].encoding = PLSM_ITEM_LITE3_DOCUMENT;
    OK(plsm_pool_append_batch(pool, timed, 2, NULL, receipts, &err));
    CHECK_U64(receipts[0].timestamp_ns, timed[0].timestamp_ns);
    check_data(pool, 5, "[\"d\"]", "[7]");

    // All or none: a bad item, wherever it stands, stores nothing and leaves the receipts alone.
    plsm_batch_item_t bad[3] = {item("1"), item("2"), item("{")};
    receipts[0].seq = 99;
    FAILS_KEEP(PLSM_ERROR_USAGE, plsm_pool_append_batch(pool, bad, 3, NULL, receipts, &err));
    if (err) CHECK_HAS(err->message, "2");
    drop_error(&err);
    CHECK_U64(receipts[0].seq, 99);
    bad[2] = item("3");
    bad[1].encoding = 3;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append_batch(pool, bad, 3, NULL, NULL, &err));
    bad[1].encoding = 0;
    bad[1].tags_len = 1;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append_batch(pool, bad, 3, NULL, NULL, &err));
    bad[1].tags_len = 0;
    bad[1].data = NULL;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append_batch(pool, bad, 3, NULL, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append_batch(pool, NULL, 1, NULL, NULL, &err));
    OK(plsm_pool_append_batch(pool, NULL, 0, NULL, NULL, &err));
    CHECK_U64(append(pool, "6"), 6);
    plsm_buf_free(&data);
    plsm_buf_free(&document);

    // More than the ring holds.
    plsm_pool_t *small = scratch_pool("small", 65536);
    size_t count = 5000;
    plsm_batch_item_t *many = malloc(count * sizeof *many);
    for (size_t i = 0; i < count; i++) many[i] = item("{\"filler\":\"0123456789\"}");
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append_batch(small, many, count, NULL, NULL, &err));
    OK(plsm_pool_append_batch(small, many, 64, NULL, NULL, &err));
    plsm_bounds_t bounds;
    OK(plsm_pool_bounds(small, &bounds, &err));
    CHECK_U64(bounds.newest, 64);
    free(many);
    plsm_pool_free(small);
    plsm_pool_free(pool);
}

static void reservations(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("reserve", 0);
    plsm_buf_t data = {NULL, 0};
    OK(plsm_lite3_from_json((const uint8_t *)"{\"in\":\"place\"}", 14, &data, &err));
    plsm_bytes_t tag = {(const uint8_t *)"r", 1};
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.tags = &tag;
    options.tags_len = 1;
    plsm_reservation_t *reservation = NULL;
    uint8_t *place = NULL;
    OK(plsm_pool_reserve(pool, data.len, &options, &reservation, &place, &err));
    if (place) memcpy(place, data.data, data.len);
    // The lock is held meanwhile: another writer is told so.
    plsm_append_options_t at_once = PLSM_APPEND_OPTIONS_INIT;
    at_once.has_lock_wait = 1;
    FAILS(PLSM_ERROR_BUSY, plsm_pool_append(pool, (const uint8_t *)"1", 1, &at_once, NULL, &err));
    plsm_receipt_t receipt = {0, 0};
    OK(plsm_reservation_commit(reservation, &receipt, &err));
    CHECK_U64(receipt.seq, 1);
    check_data(pool, 1, "[\"r\"]", "{\"in\":\"place\"}");

    // Given up: nothing was written, and the lock is free.
    OK(plsm_pool_reserve(pool, data.len, NULL, &reservation, &place, &err));
    plsm_reservation_abort(reservation);
    plsm_reservation_abort(NULL);
    CHECK_U64(append(pool, "2"), 2);

    // What is no Lite3 document is refused, and used up.
    OK(plsm_pool_reserve(pool, data.len, NULL, &reservation, &place, &err));
    if (place) memset(place, 0xff, data.len);
    FAILS(PLSM_ERROR_CORRUPT, plsm_reservation_commit(reservation, &receipt, &err));
    CHECK_U64(append(pool, "3"), 3);

    FAILS(PLSM_ERROR_USAGE, plsm_pool_reserve(pool, (size_t)1 << 40, NULL, &reservation, &place, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_reservation_commit(NULL, &receipt, &err));
    plsm_buf_free(&data);
    plsm_pool_free(pool);
}

int main(void) {
    batches();
    reservations();
    return finish("batch");
}
