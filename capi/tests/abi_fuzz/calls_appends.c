// calls_appends.c: appends of every kind, batches, reservations.
#include "fuzz.h"

static plsm_append_options_t *append_options(void) {
    plsm_append_options_t made = PLSM_APPEND_OPTIONS_INIT;
    made.durability = rarely(8) ? flag() : 0;
    made.tags = tags(&made.tags_len);
    made.timestamp_ns = number();
    made.has_timestamp = rarely(10);
    made.expect_newest = number();
    made.has_expect_newest = rarely(10);
    made.lock_wait_ms = wait_ms();
    made.has_lock_wait = 1;
    made.flags = flag();
    plsm_append_options_t *given = options(&made, sizeof made);
    // Without them a call waits ten seconds for the lock, which a reservation of ours may hold.
    if (!usable(given) || given->struct_size < sizeof made) free_all(RESERVATION);
    return given;
}

static void append(void) {
    size_t len;
    const uint8_t *text = json(&len);
    plsm_receipt_t *receipt = output(sizeof *receipt);
    plsm_append_options_t *chosen = append_options();
    CALL(0, plsm_pool_append(handle(POOL), text, len, chosen, receipt, error_place()));
}
static void append_envelope(void) {
    size_t len;
    const uint8_t *text = json(&len);
    plsm_receipt_t *receipt = output(sizeof *receipt);
    plsm_buf_t *buf = output(sizeof *buf);
    plsm_append_options_t *chosen = append_options();
    drop(CALL(0, plsm_pool_append_envelope(handle(POOL), text, len, chosen, receipt, buf, error_place())), buf);
}
static void append_data(void) {
    size_t len;
    const uint8_t *lite3 = bytes(&len);
    plsm_receipt_t *receipt = output(sizeof *receipt);
    plsm_append_options_t *chosen = append_options();
    CALL(0, plsm_pool_append_data(handle(POOL), lite3, len, chosen, receipt, error_place()));
}
static void append_document(void) {
    size_t len;
    const uint8_t *lite3 = bytes(&len);
    plsm_receipt_t *receipt = output(sizeof *receipt);
    plsm_append_options_t *chosen = append_options();
    CALL(0, plsm_pool_append_document(handle(POOL), lite3, len, chosen, receipt, error_place()));
}
static void append_json(void) {
    free_all(RESERVATION);
    size_t len, count = rarely(3) ? below(4) : 0;
    const uint8_t *text = json(&len);
    const char **list = count && rarely(20) ? NULL : memory(count * sizeof *list);
    for (size_t at = 0; list && at < count; at++) list[at] = reference();
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_pool_append_json(handle(POOL), text, len, list, count, flag(), buf, error_place())), buf);
}
static void append_lite3(void) {
    free_all(RESERVATION);
    size_t len;
    const uint8_t *lite3 = bytes(&len);
    uint64_t *seq = output(sizeof *seq);
    int code = CALL(0, plsm_pool_append_lite3(handle(POOL), lite3, len, flag(), seq, error_place()));
    untouched("plsm_pool_append_lite3", code, seq, sizeof *seq, 0);
}
static void append_batch(void) {
    size_t count = below(5);
    plsm_batch_item_t *items = rarely(20) ? NULL : memory(count * sizeof *items);
    for (size_t at = 0; items && at < count; at++) {
        plsm_batch_item_t *item = &items[at];
        item->encoding = rarely(3) ? (uint32_t)below(4) : 0;
        item->data = item->encoding ? bytes(&item->len) : json(&item->len);
        item->tags = tags(&item->tags_len);
        item->timestamp_ns = number();
        item->has_timestamp = rarely(10);
    }
    plsm_receipt_t *receipts = rarely(3) ? NULL : memory(count * sizeof *receipts);
    plsm_append_options_t *chosen = append_options();
    CALL(0, plsm_pool_append_batch(handle(POOL), items, count, chosen, receipts, error_place()));
}
static void flush(void) { CALL(0, plsm_pool_flush(handle(POOL), error_place())); }
static void reserve(void) {
    plsm_reservation_t **place = output(sizeof *place);
    uint8_t **payload = output(sizeof *payload);
    size_t len = rarely(6) ? (size_t)number() : below(300);
    plsm_append_options_t *chosen = append_options();
    int code = CALL(0, plsm_pool_reserve(handle(POOL), len, chosen, place, payload, error_place()));
    untouched("plsm_pool_reserve", code, place, sizeof *place, 0);
    if (code != 0) return;
    // Something, or all of it, or nothing is written.
    size_t have;
    const uint8_t *lite3 = bytes(&have);
    if (lite3 && len) memcpy(*payload, lite3, have < len ? have : len);
    keep(RESERVATION, *place);
}
static void commit(void) {
    plsm_receipt_t *receipt = output(sizeof *receipt);
    void *reservation = to_free(RESERVATION);
    int code = CALL(0, plsm_reservation_commit(reservation, receipt, error_place()));
    if (code == 0 && is_child()) wrong("plsm_reservation_commit", "in a process that did not make it");
}
static void abort_reservation(void) { plsm_reservation_abort(to_free(RESERVATION)); }

const struct call append_calls[] = {
    {"plsm_pool_append", append},
    {"plsm_pool_append_envelope", append_envelope},
    {"plsm_pool_append_data", append_data},
    {"plsm_pool_append_document", append_document},
    {"plsm_pool_append_json", append_json},
    {"plsm_pool_append_lite3", append_lite3},
    {"plsm_pool_append_batch", append_batch},
    {"plsm_pool_flush", flush},
    {"plsm_pool_reserve", reserve},
    {"plsm_reservation_commit", commit},
    {"plsm_reservation_abort", abort_reservation},
    {NULL, NULL},
};
