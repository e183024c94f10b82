// append.c: appending with every option, by every door.
#include "check.h"

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static plsm_bytes_t range(const char *text) {
    plsm_bytes_t range = {(const uint8_t *)text, strlen(text)};
    return range;
}

// The message's envelope after its time.
static void check_message(plsm_pool_t *pool, uint64_t seq, const char *tail) {
    plsm_error_t *err = NULL;
    plsm_buf_t json = {NULL, 0};
    OK(plsm_pool_get_json(pool, seq, &json, &err));
    size_t len = strlen(tail);
    if (json.data && json.len > len)
        CHECK_BYTES(json.data + json.len - len, len, tail);
    else
        check_failed(__FILE__, __LINE__, "message %" PRIu64 " is too short for %s", seq, tail);
    plsm_buf_free(&json);
}

static void json_with_receipt_and_envelope(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("json", 0);
    const char *tags[] = {"a", "b", "a", ""};
    plsm_buf_t message = {NULL, 0}, same = {NULL, 0};
    OK(plsm_pool_append_json(pool, bytes("{ \"z\": 1, \"a\": [1.0, \"/\"] }"), 27, tags, 4, 0, &message, &err));
    CHECK(message.len > 9 && memcmp(message.data, "{\"seq\":1,", 9) == 0);
    check_message(pool, 1, "\"meta\":{\"tags\":[\"a\",\"b\",\"a\",\"\"]},\"data\":{\"z\":1,\"a\":[1.0,\"/\"]}}");
    OK(plsm_pool_get_json(pool, 1, &same, &err));
    CHECK(message.len == same.len && memcmp(message.data, same.data, same.len) == 0);
    plsm_buf_free(&message);
    plsm_buf_free(&same);
    // NULL tags mean none, whatever their number.
    OK(plsm_pool_append_json(pool, bytes("{}"), 2, NULL, 99, 1, &message, &err));
    CHECK(message.data != NULL);
    plsm_buf_free(&message);
    CHECK(message.data == NULL && message.len == 0);
    check_message(pool, 2, "\"meta\":{\"tags\":[]},\"data\":{}}");
    // Any root.
    static const char *const roots[] = {"null", "true", "-0.0", "18446744073709551615", "\"text\"", "[]", "[1,2,[3]]"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        char tail[64];
        uint64_t seq = append(pool, roots[i]);
        CHECK_U64(seq, 3 + i);
        snprintf(tail, sizeof tail, "\"data\":%s}", roots[i]);
        check_message(pool, seq, tail);
    }
    plsm_pool_free(pool);
}

static void envelope_with_options(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("envelope", 0);
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    plsm_receipt_t receipt = {0, 0};
    plsm_buf_t message = {NULL, 0}, same = {NULL, 0};
    plsm_bytes_t tag = range("x");
    options.tags = &tag;
    options.tags_len = 1;
    options.has_timestamp = 1;
    options.timestamp_ns = 5000000000u;
    OK(plsm_pool_append_envelope(pool, bytes(" [1, 2]"), 7, &options, &receipt, &message, &err));
    CHECK_U64(receipt.seq, 1);
    CHECK_U64(receipt.timestamp_ns, 5000000000u);
    static const char expected[] = "{\"seq\":1,\"time\":\"1970-01-01T00:00:05Z\",\"meta\":{\"tags\":[\"x\"]},\"data\":[1,2]}";
    CHECK_BYTES(message.data, message.len, expected);
    OK(plsm_pool_get_json(pool, 1, &same, &err));
    CHECK(message.len == same.len && memcmp(message.data, same.data, same.len) == 0);
    plsm_buf_free(&message);
    plsm_buf_free(&same);
    // The receipt may be left out, the message may not; a failure stores nothing.
    OK(plsm_pool_append_envelope(pool, bytes("2"), 1, NULL, NULL, &message, &err));
    plsm_buf_free(&message);
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append_envelope(pool, bytes("3"), 1, NULL, &receipt, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append_envelope(pool, bytes("{"), 1, NULL, &receipt, &message, &err));
    CHECK(message.data == NULL);
    CHECK_U64(receipt.seq, 1);
    CHECK_U64(append(pool, "3"), 3);
    plsm_pool_free(pool);
}

static void options(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("options", 0);
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    plsm_receipt_t receipt = {0, 0};
    plsm_bytes_t tags[12];
    for (int i = 0; i < 12; i++) tags[i] = range("t");
    tags[0] = range("with\"quote");
    options.tags = tags;
    options.tags_len = 1;
    options.durability = PLSM_DURABILITY_FLUSH;
    options.has_timestamp = 1;
    options.timestamp_ns = 1769846709120000000;
    options.has_lock_wait = 1;
    options.lock_wait_ms = PLSM_WAIT_FOREVER;
    OK(plsm_pool_append(pool, bytes("{\"n\":1}"), 7, &options, &receipt, &err));
    CHECK_U64(receipt.seq, 1);
    CHECK_U64(receipt.timestamp_ns, 1769846709120000000);
    check_message(pool, 1, "{\"seq\":1,\"time\":\"2026-01-31T08:05:09.12Z\",\"meta\":{\"tags\":[\"with\\\"quote\"]},\"data\":{\"n\":1}}" + 1);
    options.tags_len = 12;
    options.lock_wait_ms = 0;
    OK(plsm_pool_append(pool, bytes("2"), 1, &options, NULL, &err));
    options.timestamp_ns--;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append(pool, bytes("3"), 1, &options, NULL, &err));
    options.has_timestamp = 0;
    options.lock_wait_ms = 1000;

    // Conditional: only when the newest seq is the expected one.
    options.has_expect_newest = 1;
    options.expect_newest = 1;
    FAILS(PLSM_ERROR_ALREADY_EXISTS, plsm_pool_append(pool, bytes("3"), 1, &options, NULL, &err));
    options.expect_newest = 3;
    FAILS(PLSM_ERROR_ALREADY_EXISTS, plsm_pool_append(pool, bytes("3"), 1, &options, NULL, &err));
    options.expect_newest = 2;
    OK(plsm_pool_append(pool, bytes("3"), 1, &options, &receipt, &err));
    CHECK_U64(receipt.seq, 3);
    CHECK(receipt.timestamp_ns > 1769846709120000000);
    OK(plsm_pool_flush(pool, &err));

    // What is refused consumes no seq and leaves the receipt alone.
    static const char *const bad[] = {"", " ", "{", "{\"a\":1,}", "[1] 2", "nan", "NaN", "1e400", "\"\\ud800\"", "\xff", "\"\xff\"",
        "\xef\xbb\xbf{}", "{\"a\" 1}", "01", "'x'"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        receipt.seq = 77;
        FAILS(PLSM_ERROR_USAGE, plsm_pool_append(pool, bytes(bad[i]), strlen(bad[i]), NULL, &receipt, &err));
        CHECK_U64(receipt.seq, 77);
    }
    tags[0] = range("\xff");
    options.has_expect_newest = 0;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append(pool, bytes("1"), 1, &options, NULL, &err));
    CHECK_U64(append(pool, "4"), 4);
    plsm_pool_free(pool);
}

static void too_large(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("large", 65536);
    size_t len = 70000;
    char *text = malloc(len);
    memset(text, 'x', len);
    text[0] = text[len - 1] = '"';
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append(pool, bytes(text), len, NULL, NULL, &err));
    free(text);
    size_t depth = 100000;
    text = malloc(2 * depth);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append(pool, bytes(text), 2 * depth, NULL, NULL, &err));
    OK(plsm_pool_append(pool, bytes(text + depth - 128), 256, NULL, NULL, &err));
    free(text);
    plsm_pool_free(pool);
}

static void lite3(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("lite3", 0);
    plsm_buf_t data = {NULL, 0}, document = {NULL, 0};
    plsm_receipt_t receipt = {0, 0};
    const char *text = "{\"meta\":{\"tags\":[\"x\",\"y\"]},\"data\":{\"k\":[1,2.5]}}";
    OK(plsm_lite3_from_json(bytes("{\"k\":1}"), 7, &data, &err));
    OK(plsm_lite3_from_json(bytes(text), strlen(text), &document, &err));

    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    plsm_bytes_t tag = range("t");
    options.tags = &tag;
    options.tags_len = 1;
    OK(plsm_pool_append_data(pool, data.data, data.len, &options, &receipt, &err));
    CHECK_U64(receipt.seq, 1);
    check_message(pool, 1, "\"meta\":{\"tags\":[\"t\"]},\"data\":{\"k\":1}}");
    options.flags = PLSM_APPEND_CHECK_FULLY;
    OK(plsm_pool_append_data(pool, data.data, data.len, &options, NULL, &err));
    FAILS(PLSM_ERROR_CORRUPT, plsm_pool_append_data(pool, data.data, 50, NULL, NULL, &err));
    // Tags stand in the document.
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append_document(pool, document.data, document.len, &options, NULL, &err));
    OK(plsm_pool_append_document(pool, document.data, document.len, NULL, &receipt, &err));
    CHECK_U64(receipt.seq, 3);
    check_message(pool, 3, "\"meta\":{\"tags\":[\"x\",\"y\"]},\"data\":{\"k\":[1,2.5]}}");
    uint64_t seq = 0;
    OK(plsm_pool_append_lite3(pool, document.data, document.len, 0, &seq, &err));
    CHECK_U64(seq, 4);
    plsm_lite3_frame_t frame;
    OK(plsm_pool_get_lite3(pool, 4, &frame, &err));
    CHECK_U64(frame.seq, 4);
    CHECK_U64(frame.flags, 0);
    CHECK(frame.payload.len == document.len && memcmp(frame.payload.data, document.data, document.len) == 0);
    plsm_lite3_frame_free(&frame);
    // At an odd address too.
    uint8_t *odd = malloc(document.len + 1);
    memcpy(odd + 1, document.data, document.len);
    OK(plsm_pool_append_lite3(pool, odd + 1, document.len, 1, &seq, &err));
    // Not a message document, damaged, empty, one byte.
    FAILS(PLSM_ERROR_CORRUPT, plsm_pool_append_lite3(pool, data.data, data.len, 0, &seq, &err));
    FAILS(PLSM_ERROR_CORRUPT, plsm_pool_append_lite3(pool, document.data, document.len - 1, 0, &seq, &err));
    FAILS(PLSM_ERROR_CORRUPT, plsm_pool_append_lite3(pool, document.data, 0, 0, &seq, &err));
    FAILS(PLSM_ERROR_CORRUPT, plsm_pool_append_lite3(pool, document.data, 1, 0, &seq, &err));
    CHECK_U64(seq, 5);
    CHECK_U64(append(pool, "1"), 6);
    free(odd);
    plsm_buf_free(&data);
    plsm_buf_free(&document);
    plsm_pool_free(pool);
}

int main(void) {
    json_with_receipt_and_envelope();
    envelope_with_options();
    options();
    too_large();
    lite3();
    return finish("append");
}
